"""What stands between Slicer's scene and the computation: nodes in, nodes out; nothing here computes.

The computation is ``SuperResolveLib``. Nothing of it is imported before it is needed.
"""

from . import libraryPath as libraryPath
