"""Slicer's translation functions; the host knows no other language, so texts come back as they are."""

from __future__ import annotations

import inspect
import os

import slicer


def translate(context: str, text: str) -> str:
    """The text in the application's language."""
    return slicer.app.translate(context, text)


def getContext(sourceFile: str) -> str:
    """The context of a file's texts: its name, with its package where it lies in one."""
    folder, name = os.path.split(sourceFile)
    base = name.removesuffix(".py")
    in_package = os.path.isfile(os.path.join(folder, "__init__.py"))
    return f"{os.path.basename(folder)}.{base}" if in_package else base


def tr(text: str) -> str:
    """The text in the application's language, in the context of the calling file."""
    frame = inspect.currentframe()
    caller = frame.f_back if frame else None
    return translate(getContext(caller.f_code.co_filename if caller else ""), text)
