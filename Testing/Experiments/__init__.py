"""The papers' tables and our own: run by hand, not installed."""
