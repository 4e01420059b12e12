"""The tutorial's picture of the panel: the first sample, its profile estimated, and super-resolved.

python3 Testing/Slicer/screenshots.py [FILE]

FILE is panel.png in the module's Resources/Screenshots unless given. There are no slice views here,
which the pictures beside it show.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "SuperResolve")]

from host.script_runner import ScriptRunner
from plays import COMPUTATION, MODULE, Played, RecordedInstaller, RecordedViews
from waiting import wait, wait_until

WIDTH = 500  # pixels


def screenshot(path: Path) -> None:
    """Go through the panel from scan to result, and save a picture of it."""
    runner = ScriptRunner(COMPUTATION)
    with Played(runner, RecordedViews(), RecordedInstaller()) as host:
        from SliceProfileSRLib.sampleData import SAMPLES, loadSample

        panel = host.open()
        panel.ui.inputVolumeSelector.setCurrentNode(loadSample(SAMPLES[0]))
        panel.ui.methodComboBox.setCurrentIndex(panel.ui.methodComboBox.findData("tikhonov"))
        for button in (panel.ui.estimateButton, panel.ui.superResolveButton):
            button.click()
            wait_until(lambda: not runner.runs, 600)
        wait(0.5)
        panel.parent.resize(WIDTH, panel.parent.layout().totalHeightForWidth(WIDTH))
        wait(0.5)
        if not panel.parent.grab().save(str(path)):
            raise OSError(f"the picture cannot be written: {path}")
        if host.exceptions:
            raise host.exceptions[0]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", nargs="?", type=Path, default=MODULE / "Resources" / "Screenshots" / "panel.png")
    screenshot(parser.parse_args().file)
