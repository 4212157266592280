"""Reads for screens and rules. Nothing here writes, and nothing here decides."""
