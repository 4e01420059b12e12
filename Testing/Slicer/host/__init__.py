"""Plays 3D Slicer for tests: real Qt widgets, the real MRML scene, real processes, and no Slicer.

What is real: the widgets' behaviour is Qt's (PySide6, offscreen); scene, nodes, storage, subject hierarchy, layout,
slice and plot logics are Slicer's own classes (slicer-core); CLI modules are run by Slicer's own logic in its own
processing thread, as real processes. What is played, from the interfaces in Slicer's sources: PythonQt's conventions
(`pythonqt`), the custom widgets (`widgets`), loading .ui files (`ui_loader`), ``slicer.app``, ``slicer.modules``, and
the Python layer of the folders ``slicer_layer``. Where Slicer would refuse, the host raises; where Slicer would crash
or go wrong silently, `Host.violations` says so.

A test drives it as a user would::

    with Host() as host:
        host.addCommandLineModule("SuperResolve/EstimateSliceProfile.py")
        host.loadModule("SliceProfileSR/SliceProfileSR.py")
        panel = host.enterModule("SliceProfileSR")      # the panel's Python object
        volume = slicer.util.loadVolume("scan.nrrd")
        panel.ui.inputSelector.setCurrentNode(volume)
        panel.ui.estimateButton.click()
        host.waitForJobs()
        host.screenshot("panel.png")
        assert not host.violations and not host.exceptions

- ``host.answers.append(qt.QMessageBox.Ok)`` before a dialog asks; ``host.messages`` afterwards.
- ``host.wait(seconds)``, ``host.waitUntil(condition)``: the application lives meanwhile.
- ``host.closeScene()``, ``host.reloadModule(name)``, ``host.exitModule()``; leaving the ``with`` ends the application.
- ``host.pressSampleButton(name)``: a data set in the module *Sample Data*.
- ``host.mainWindow``: the panel and, beside it, the views of the layout; ``host.screenshot(path, whole=True)``.
- ``Host(version=(5, 10))`` plays a Slicer without ``slicer.packaging``; ``Host(main_window=False)`` a batch.
"""

from .host import Host

__all__ = ["Host"]
