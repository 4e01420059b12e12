"""Where files are kept that can be made anew: the user's cache."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_NAME = "slice-profile-sr"


def cache_folder() -> Path:
    """The folder of this program in the user's cache, as the system has it; it need not exist."""
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / _NAME / "Cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / _NAME
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / _NAME
