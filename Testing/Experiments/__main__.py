"""``python Testing/Experiments NAME``: see :mod:`Experiments.command`."""

import sys
from pathlib import Path

TESTING = Path(__file__).resolve().parents[1]
# Run as a folder: the package is not on the path, and the library need not be installed.
sys.path[:0] = [str(TESTING), str(TESTING.parent / "SuperResolve")]

from Experiments.command import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
