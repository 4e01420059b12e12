"""``python -m SuperResolveLib``: the command ``slice-profile-sr`` where it is not on the path."""

import sys

from .command.main import main

if __name__ == "__main__":
    sys.exit(main())
