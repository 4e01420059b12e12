"""Stand-ins for the widgets of CTK and Slicer that PySide6 cannot load, with their properties, signals and behaviour.

They are written from the C++ sources' interfaces. A property, signal or method that the C++ class lacks is missing
here too, so that a panel which uses it fails in the tests as it would fail in Slicer.
"""
