#!/usr/bin/env python3
"""Builds static/icons.svg, the one sprite of all icons, from an unpacked @tabler/icons package.

    bin/icons.py path/to/package

It needs nothing but Python. Run it after adding a name below; static/vendor/VENDOR.md names the package's version.
"""

import re
import sys
from pathlib import Path

NAMES = """
adjustments-horizontal alert-circle alert-triangle archive arrow-down arrow-left arrow-right arrow-up arrows-sort at
ban bell bell-off bolt building calendar check chevron-down chevron-left chevron-right chevron-up circle-check
circle-dashed circle-x clock columns-3 copy crown device-desktop device-mobile devices dots door-exit download edit
external-link eye eye-off file-text filter fingerprint flag git-branch help-circle hierarchy history home hourglass
hourglass-empty id-badge-2 inbox info-circle key keyboard layout-dashboard link list-check lock lock-open login logout
mail mail-check mail-forward mail-off mail-opened mail-plus mail-x menu-2 message minus moon password pencil
player-pause player-play plus power qrcode refresh rotate rotate-clockwise search search-off selector send server
settings shield shield-check shield-lock shield-x stack-2 star sun switch-vertical tag tags transfer trash upload user
user-check user-cog user-edit user-minus user-off user-plus user-question user-share user-shield user-x users
users-group users-minus users-plus world x
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
