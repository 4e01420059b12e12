"""The tutorials' pictures of the panel, made by a walk through it.

python3 Testing/Slicer/screenshots.py [FOLDER]

``panel.png`` is of the first sample, its profile estimated, and super-resolved; ``training.png`` of a training on
phantoms. FOLDER is the module's Resources/Screenshots unless given. There are no slice views here, which the pictures
beside them show.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "SuperResolve")]

from host.script_runner import ScriptRunner
from plays import COMPUTATION, MODULE, Played, RecordedInstaller, RecordedViews
from waiting import wait, wait_until

WIDTH = 500  # pixels
SECTIONS = ("scan", "profile", "superResolution", "check", "training", "advanced")


def scan_screenshot(path: Path) -> None:
    """Go through the panel from scan to result, and save a picture of it."""
    runner = ScriptRunner(COMPUTATION)
    with Played(runner, RecordedViews(), RecordedInstaller()) as host:
        from SliceProfileSRLib.sampleData import SAMPLES, loadSample

        panel = host.open()
        panel.ui.inputVolumeSelector.setCurrentNode(loadSample(SAMPLES[0]))
        for button in (panel.ui.estimateButton, panel.ui.superResolveButton):
            button.click()
            wait_until(lambda: not runner.runs, 600)
        save(panel, path)
        if host.exceptions:
            raise host.exceptions[0]


def training_screenshot(path: Path) -> None:
    """Train on phantoms, save a picture of the open section while it goes on, and stop."""
    with (
        tempfile.TemporaryDirectory(prefix="study-") as folder,
        Played(None, RecordedViews(), RecordedInstaller()) as host,
    ):
        scans = phantoms(Path(folder) / "thin volumes")
        panel = host.open()
        for name in SECTIONS:
            getattr(panel.ui, f"{name}CollapsibleButton").setProperty("collapsed", name != "training")
        panel.ui.trainingMethodComboBox.setCurrentIndex(panel.ui.trainingMethodComboBox.findData("soup"))
        panel.ui.trainingScansLineEdit.setText(str(scans))
        panel.ui.trainedModelPathLineEdit.setCurrentPath(str(Path(folder) / "head.safetensors"))
        panel.ui.trainingHoursSpinBox.setValue(0.1)
        panel.ui.startTrainingButton.click()
        wait_until(lambda: panel.ui.trainingProgressBar.value() >= 20, 900)
        save(panel, path)
        panel.ui.stopTrainingButton.click()
        wait_until(lambda: panel.ui.startTrainingButton.isEnabled(), 120)
        if host.exceptions:
            raise host.exceptions[0]


def phantoms(folder: Path) -> Path:
    """A folder of three thin volumes."""
    from SuperResolveLib.image_io.volumes import write_volume
    from SuperResolveLib.physics.phantom.head_phantom import head_phantom

    folder.mkdir()
    for seed in range(3):
        write_volume(head_phantom((64, 64, 64), spacing=2.5, seed=seed), folder / f"head-{seed}.nii.gz")
    return folder


def save(panel: Any, path: Path) -> None:
    """A picture of the panel, as high as it is."""
    wait(0.5)
    panel.parent.resize(WIDTH, panel.parent.layout().totalHeightForWidth(WIDTH))
    wait(0.5)
    if not panel.parent.grab().save(str(path)):
        raise OSError(f"the picture cannot be written: {path}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=MODULE / "Resources" / "Screenshots")
    folder = parser.parse_args().folder
    scan_screenshot(folder / "panel.png")
    training_screenshot(folder / "training.png")
