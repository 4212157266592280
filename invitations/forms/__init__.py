"""Shapes of what is entered."""
