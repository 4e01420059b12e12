#!/usr/bin/env python-real
"""Stands for the CLI module that trains: the same run of it, state and stops, around a training that learns nothing.

With ``--hours 0`` it takes a fraction of a second, else it goes on until it is stopped.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any


class Toy:
    """A method that learns from a collection."""

    def __init__(self) -> None:
        from SuperResolveLib.methods.trainable import TrainableInfo
        from SuperResolveLib.registry import Preset

        self.info = TrainableInfo(
            name="supervised",
            title="Toy",
            summary="Learns nothing.",
            learns_from="a collection",
            needs_torch=True,
            presets=(Preset("fast", "fast", "In no time."), Preset("paper", "as published", "Slowly.")),
            stages=("regression",),
            networks=("deepresolve", "rdn"),
            operator="profile",
        )

    def iterations(self, preset: str, network: str) -> dict[str, int]:
        """How many iterations its stage takes."""
        return {"regression": 20}


def carry_out(request: Any, progress: Any, say: Any) -> Any:
    """Count, and keep how far it was."""
    from SuperResolveLib import InputError

    work, resume = request.work, request.resume
    if not any(request.sources[0].iterdir()):
        raise InputError(f"there is no scan in {request.sources[0]}: give other folders")
    kept, total = work / "kept.txt", 200_000 if request.hours else 20
    first = int(kept.read_text(encoding="utf-8")) if resume and kept.exists() else 0
    say(f"{total} iterations, preset {request.preset}, network {request.network}, from iteration {first}")
    with (work / "metrics.jsonl").open("a" if resume else "w", encoding="utf-8") as metrics:
        for iteration in range(first, total):
            if iteration % 5 == 0:
                entry = {"stage": "regression", "iteration": iteration, "seconds": float(iteration), "loss": 0.1}
                scores = {"psnr": 30 + iteration / total, "psnr_tikhonov": 30.0, "psnr_spline": 29.0, "ssim": 0.9}
                metrics.write(json.dumps(entry | scores) + "\n")
                metrics.flush()
            time.sleep(0.01)
            kept.write_text(str(iteration), encoding="utf-8")
            progress(0.25 + 0.75 * iteration / total, f"training regression, iteration {iteration}")
    return SimpleNamespace(model=b"weights", left_out=("a.nii.gz is no scan",), warnings=())


def main() -> int:
    """Run the CLI module's own code around it."""
    from SuperResolveLib.slicer_cli import run
    from SuperResolveLib.workflows import training_watch

    training_watch.BEAT = 0.1
    replaced = {
        "workflows.train": {"carry_out": carry_out},
        "methods.supervised.method": {"Supervised": Toy()},
        "image_io.model_file": {"read_model": None, "write_model": lambda model, path: Path(path).write_bytes(model)},
    }
    for name, members in replaced.items():
        module = sys.modules[f"SuperResolveLib.{name}"] = ModuleType(name)
        vars(module).update(members)
    return run.run(__file__, "train_super_resolution")


if __name__ == "__main__":
    sys.exit(main())
