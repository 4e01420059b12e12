"""What stands between Slicer's scene and the computation: nodes in, nodes out; nothing here computes.

The computation, ``SuperResolveLib``, lies beside this package where the extension is installed; in the source tree it
lies in ``SuperResolve/``, which then joins the import path. Nothing of it is imported before it is needed.
"""

import sys
from pathlib import Path

_sourceTree = Path(__file__).resolve().parents[2] / "SuperResolve"
if (_sourceTree / "SuperResolveLib").is_dir() and str(_sourceTree) not in sys.path:
    sys.path.append(str(_sourceTree))
