"""Every write of the access model: keyword-only functions that lock, re-read, decide, write, record and queue."""
