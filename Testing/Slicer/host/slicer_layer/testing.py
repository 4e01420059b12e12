"""Slicer's functions by which a test ends the application."""

from __future__ import annotations

import logging

import slicer.util


def exitSuccess() -> None:
    """End the application well."""
    slicer.util.exit(slicer.util.EXIT_SUCCESS)


def exitFailure(message: str = "") -> None:
    """End the application with a message."""
    if message:
        logging.error(message)
    slicer.util.exit(slicer.util.EXIT_FAILURE)
