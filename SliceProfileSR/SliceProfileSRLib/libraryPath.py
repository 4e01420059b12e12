"""Where the computation is: ``SuperResolveLib`` joins the import path where it is not on it yet.

It lies beside this package where the extension is installed, and in ``SuperResolve/`` in the source tree.
"""

import sys
from pathlib import Path

_sourceTree = Path(__file__).resolve().parents[2] / "SuperResolve"
if (_sourceTree / "SuperResolveLib").is_dir() and str(_sourceTree) not in sys.path:
    sys.path.append(str(_sourceTree))
