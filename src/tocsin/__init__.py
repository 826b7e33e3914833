"""Tocsin (守望): an online-safety desk. See docs/ARCHITECTURE.md for the map."""

__version__ = "0.1.0"
