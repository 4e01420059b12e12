"""Where the computation is: beside this package where the extension is installed, in ``SuperResolve/`` of a clone."""

import sys
from pathlib import Path

#: The folder of a clone that holds the computation, which then joins the import path.
COMPUTATION = Path(__file__).resolve().parents[2] / "SuperResolve"

if (COMPUTATION / "SuperResolveLib").is_dir() and str(COMPUTATION) not in sys.path:
    sys.path.append(str(COMPUTATION))
