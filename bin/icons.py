#!/usr/bin/env python3
"""Builds static/icons.svg, the one sprite of all icons, from an unpacked @tabler/icons package.

    bin/icons.py path/to/package

It needs nothing but Python. Run it after adding a name below; static/vendor/VENDOR.md names the package's version.
"""

import re
import sys
from pathlib import Path

NAMES = """
adjustments-horizontal alert-circle alert-hexagon alert-triangle archive archive-off arrow-back-up arrow-down
arrow-left arrow-right arrow-up arrows-exchange arrows-sort at ban bell bell-off bolt building bulb calendar
calendar-off calendar-time chart-bar chart-donut check chevron-down chevron-left chevron-right chevron-up circle-check
circle-dashed circle-minus circle-x clock clock-plus clock-x cloud columns-3 command copy cpu crown database
device-desktop device-mobile devices door-enter door-exit dots download edit external-link eye eye-check eye-off
file-text filter fingerprint flag folder folder-open gauge git-branch git-compare hand-stop help-circle hierarchy
history home hourglass hourglass-empty id-badge-2 inbox info-circle key key-off keyboard layout-dashboard link
list-check list-details lock lock-open login login-2 logout mail mail-check mail-forward mail-off mail-opened
mail-plus mail-x menu-2 message minus moon notebook password pencil pin pinned player-pause player-play plug-connected
plus power qrcode refresh restore rocket rotate rotate-clockwise route scale search search-off selector send server
settings shield shield-check shield-lock shield-x sitemap square-plus stack-2 star sun switch-vertical tag tags
transfer trash upload user user-check user-cog user-edit user-minus user-off user-plus user-question user-search
user-share user-shield user-star user-x users users-group users-minus users-plus world world-off x zoom-question
"""

TARGET = Path(__file__).resolve().parent.parent / "static" / "icons.svg"


def symbol(package: Path, name: str) -> str:
    """One icon as <symbol>: its shapes without size and stroke, which app.css gives."""
    drawing = (package / "icons" / "outline" / f"{name}.svg").read_text()
    inner = re.search(r"<svg.*?>(.*)</svg>", drawing, re.DOTALL)
    if inner is None:
        raise SystemExit(f"{name}.svg is not an icon as this script knows them.")
    shapes = re.sub(r"\s*\n\s*", "", inner.group(1)).replace(" />", "/>")
    return f'<symbol id="{name}" viewBox="0 0 24 24">{shapes}</symbol>'


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    package = Path(sys.argv[1])
    symbols = "\n".join(symbol(package, name) for name in NAMES.split())
    TARGET.write_text(f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n')
    print(f"{TARGET.name}: {len(NAMES.split())} icons, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
