"""Texts as sentences."""

from __future__ import annotations


def sentence(text: str) -> str:
    """The text as a sentence: a capital and a full stop."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".") if text else ""
