"""The README's screenshots: the panel clicked through from scan to comparison, in the host that plays Slicer.

python3 Testing/Slicer/screenshots.py [FOLDER] [--scan FILE] [--method smore|tikhonov|bspline]

Without a scan, it takes the first sample under Sample Data. FOLDER is the module's Resources/Screenshots unless given.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "SuperResolve")]

import slicer

from host import Host
from scans import PROJECT, load_extension

MINUTES = 60.0


def screenshots(folder: Path, scan: Path | None, method: str) -> None:
    """Click through the panel, saving a picture after each step."""
    with Host() as host:
        load_extension(host)
        panel = host.enterModule("SliceProfileSR")
        host.mainWindow.resize(1500, 1000)
        volume = load(scan)
        slicer.util.setSliceViewerLayers(background=volume, fit=True, rotateToVolumePlane=True)
        panel.ui.inputVolumeSelector.setCurrentNode(volume)
        panel.ui.estimateButton.click()
        host.waitForJobs(5 * MINUTES)
        host.wait(0.5)
        host.screenshot(folder / "panel.png", whole=True)

        panel.ui.uncertaintyCheckBox.setChecked(method == "smore")
        for choice, name in (("bspline", "Interpolated"), (method, "Super-resolved")):
            super_resolve(host, panel, choice)
            panel.ui.outputVolumeSelector.currentNode().SetName(name)
            if name == "Super-resolved":
                host.wait(0.5)
                host.screenshot(folder / "comparison.png", whole=True)
            panel.ui.measureButton.click()
            host.waitForJobs(5 * MINUTES)
            if name == "Interpolated":
                panel.ui.outputVolumeSelector.setCurrentNode(None)  # the next result goes to a volume of its own
        panel.ui.scanCollapsibleButton.collapsed = True
        panel.ui.profileCollapsibleButton.collapsed = True
        panel.ui.showResidualButton.click()
        host.wait(0.5)
        host.screenshot(folder / "residual.png", whole=True)
        if panel.ui.showUncertaintyButton.enabled:
            panel.ui.showUncertaintyButton.click()
            host.wait(0.5)
            host.screenshot(folder / "uncertainty.png", whole=True)
        print(panel.ui.profileLabel.text)
        print(panel.ui.resultLabel.text, panel.ui.superResolveMessageLabel.text)
        print(panel.ui.measurementLabel.text)
        print(*host.violations, *host.exceptions, sep="\n")


def super_resolve(host: Host, panel: Any, method: str) -> None:
    """Choose a method, press the button and wait."""
    names = [choice.value for choice in type(panel.parameterNode.method)]
    panel.ui.methodComboBox.setCurrentIndex(names.index(method))
    panel.ui.superResolveButton.click()
    host.waitForJobs(30 * MINUTES)


def load(scan: Path | None) -> slicer.vtkMRMLScalarVolumeNode:
    """The scan, or the first sample."""
    if scan is not None:
        return slicer.util.loadVolume(str(scan))
    source = slicer.modules.sampleDataSources["SliceProfileSR"][0]
    return source.customDownloader(source)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "folder", nargs="?", type=Path, default=PROJECT / "SliceProfileSR" / "Resources" / "Screenshots"
    )
    parser.add_argument("--scan", type=Path)
    parser.add_argument("--method", choices=["smore", "tikhonov", "bspline"], default="smore")
    arguments = parser.parse_args()
    screenshots(arguments.folder, arguments.scan, arguments.method)
