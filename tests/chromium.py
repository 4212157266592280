"""Finds the browser that tests drive: the system's Chromium, else the one that Playwright installed for itself."""

import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find() -> str | None:
    for name in NAMES:
        if path := shutil.which(name):
            return path
    caches = [Path.home() / ".cache/ms-playwright", Path.home() / "Library/Caches/ms-playwright"]
    if told := os.environ.get("PLAYWRIGHT_BROWSERS_PATH"):
        caches.insert(0, Path(told))
    for cache in caches:
        installed = sorted(cache.glob("chromium-*/chrome-*/*hrom*"))
        if programs := [path for path in installed if path.is_file() and os.access(path, os.X_OK)]:
            return str(programs[-1])
    return None
