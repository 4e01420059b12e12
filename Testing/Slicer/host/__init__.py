"""What the tests of the panel need of 3D Slicer beyond its real MRML classes (slicer-core) and real Qt (PySide6).

It is no application: no window, views, dialogs or settings. A few stand-ins have the names that Slicer has:

- `host`: the scene, what the application adds to the package ``slicer``, and the life of the module;
- `qt_module`: the flat module ``qt``;
- `widgets`, `node_selector` and `ui_files`: the widgets that the .ui file names, and loading it;
- `scripted_module` and `parameter_node`: the Python layer that a scripted module stands on;
- `files`: reading and writing volumes, tables and scenes.

CLI modules are run by one of three runners: `script_runner` runs their scripts as processes, `scripted_runner` plays
runs at a test's command, and Slicer's own logic, whose parts `cli_modules` puts together, runs them as Slicer does.

``test_stand_ins.py`` holds the stand-ins' names and signatures against Slicer's sources.
"""

from .host import Host

__all__ = ["Host"]
