"""What stands between Slicer's scene and the computation: nodes in, nodes out; nothing here computes.

Nothing of the computation, ``SuperResolveLib``, is imported before it is needed.
"""

from .sourceTree import COMPUTATION

__all__ = ["COMPUTATION"]
