"""The demo's three organizations and their past, played through the real actions by the command `demo`."""
