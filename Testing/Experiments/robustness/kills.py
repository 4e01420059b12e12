"""``kill``: runs that are ended by a signal at a random moment, and the run after that."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import SuperResolveLib
from SuperResolveLib.data.volume import Volume
from SuperResolveLib.errors import InputError
from SuperResolveLib.image_io.volumes import write_volume

#: Signals by name, and the exit codes that are right for each. A run may be done before its signal arrives.
SIGNALS = {"SIGINT": {130, -2}, "SIGTERM": {143, -15}, "SIGHUP": {129, -1}, "SIGKILL": {-9}}
PATIENCE = 600.0
#: What torch leaves in the temporary folder, empty.
TORCHS_OWN = "torchinductor"


@dataclass(frozen=True)
class Job:
    """A run to be killed.

    Attributes:
        name: what the report calls it.
        arguments: of the command, without the folder that ``outputs`` go to.
        outputs: option and name of each output.
        share: how often it comes, relative to others.
    """

    name: str
    arguments: tuple[str, ...]
    outputs: tuple[tuple[str, str], ...]
    share: int

    def command(self, folder: Path, overwrite: bool = False) -> list[str]:
        """The words of the command."""
        outputs = [word for option, name in self.outputs for word in (option, str(folder / name))]
        again = ["--overwrite"] if overwrite else []
        return [sys.executable, "-m", "SuperResolveLib", *self.arguments, *outputs, *again]


_THREE = (("--output", "out.nii.gz"), ("--residual", "residual.mha"), ("--json", "out.json"))
JOBS = (
    Job("tikhonov", ("super-resolve", "large.nii", "--method=tikhonov", "--profile=gaussian:5"), _THREE, 4),
    Job("bspline, .nrrd", ("super-resolve", "large.nii", "--method=bspline"), (("--output", "out.nrrd"),), 2),
    Job(
        "estimate",
        ("estimate", "small.nii"),
        (("--output", "profile.tsv"), ("--json", "out.json"), ("--plot", "profile.png")),
        2,
    ),
    Job(
        "simulate",
        ("simulate", "large.nii", "--profile=gaussian:8", "--ratio=2", "--axis=k"),
        (("--output", "out.nii.gz"),),
        1,
    ),
    Job("smore", ("super-resolve", "small.nii", "--method=smore", "--preset=fast", "--profile=gaussian:5"), _THREE, 1),
)


@dataclass(frozen=True)
class Outcome:
    """What came of one kill: number, job, signal, when (seconds), exit code, and what was wrong, in words."""

    number: int
    job: str
    signal: str
    after: float
    code: int
    wrong: tuple[str, ...]


class Killer:
    """Kills runs in folders of its own.

    Args:
        seed: of which run is killed by what and when.
        place: a folder for the scans and the undisturbed results.
    """

    def __init__(self, seed: int, place: Path) -> None:
        self._seed = seed
        self._place = place
        self._whole: dict[str, tuple[float, dict[str, bytes]]] = {}
        random = np.random.default_rng(0)
        for name, shape in (("large", (160, 160, 24)), ("small", (32, 32, 8))):
            data = random.normal(100, 20, shape).astype(np.float32)  # noise: writing it takes a while
            write_volume(Volume(data, np.diag([1.0, 1.0, 5.0, 1.0])), place / f"{name}.nii")

    def run(self, number: int) -> Outcome:
        """Kill one run; after SIGKILL, run it again and see that this cleans up."""
        random = np.random.default_rng([self._seed, number])
        job = JOBS[int(random.choice(np.repeat(np.arange(len(JOBS)), [job.share for job in JOBS])))]
        name = list(SIGNALS)[int(random.integers(len(SIGNALS)))]
        duration, whole = self._undisturbed(job)
        after = float(random.uniform(0, 1.05 * duration))
        with tempfile.TemporaryDirectory() as place:
            folder, scratch = Path(place) / "out", Path(place) / "tmp"
            folder.mkdir()
            scratch.mkdir()
            code = self._killed(job, name, after, folder, scratch)
            wrong = _wrong(name, code, folder, scratch, whole)
            if name == "SIGKILL":
                wrong += self._again(job, folder, scratch, whole)
        return Outcome(number, job.name, name, after, code, tuple(wrong))

    def _start(self, job: Job, folder: Path, scratch: Path, overwrite: bool = False) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "PYTHONPATH": str(Path(SuperResolveLib.__file__).parents[1]),
            "TMPDIR": str(scratch),
            "MPLCONFIGDIR": str(self._place),
            "OMP_NUM_THREADS": "1",
        }
        command = job.command(folder, overwrite)
        return subprocess.Popen(
            command, cwd=self._place, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def _undisturbed(self, job: Job) -> tuple[float, dict[str, bytes]]:
        """How long the job takes in seconds, and the files that it writes."""
        if job.name not in self._whole:
            with tempfile.TemporaryDirectory() as place:
                started = time.monotonic()
                process = self._start(job, Path(place), self._place)
                message = process.communicate(timeout=PATIENCE)[1]
                if process.returncode:
                    raise InputError(f"the job {job.name} fails undisturbed: {message.decode(errors='replace')}")
                self._whole[job.name] = time.monotonic() - started, _contents(Path(place))
        return self._whole[job.name]

    def _killed(self, job: Job, name: str, after: float, folder: Path, scratch: Path) -> int:
        process = self._start(job, folder, scratch)
        try:
            process.communicate(timeout=after)
        except subprocess.TimeoutExpired:
            process.send_signal(getattr(signal, name))
            process.communicate(timeout=PATIENCE)
        return process.returncode

    def _again(self, job: Job, folder: Path, scratch: Path, whole: dict[str, bytes]) -> list[str]:
        """What is wrong after the same run, undisturbed."""
        process = self._start(job, folder, scratch, overwrite=True)
        process.communicate(timeout=PATIENCE)
        if process.returncode:
            return ["the next run fails"]
        there = _contents(folder)
        wrong = [f"the next run leaves {file}" for file in there if file not in whole]
        return wrong + [f"the next run's {file} differs" for file in whole if not _same(file, there.get(file), whole)]


def _wrong(name: str, code: int, folder: Path, scratch: Path, whole: dict[str, bytes]) -> list[str]:
    """What is wrong with what a killed run left."""
    wrong = [] if code == 0 or code in SIGNALS[name] else [f"exit code {code}"]
    there = _contents(folder)
    for file in there:
        if file in whole:
            wrong += [] if _same(file, there[file], whole) else [f"partial {file}"]
        elif name != "SIGKILL":  # which gives no chance to clean up
            wrong.append(f"{file} left")
    if name != "SIGKILL" and any(not path.name.startswith(TORCHS_OWN) for path in scratch.iterdir()):
        wrong.append("temporary files left")
    if code == 0 and set(whole) - set(there):
        wrong.append("exit 0 without its files")
    return wrong


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _same(file: str, contents: bytes | None, whole: dict[str, bytes]) -> bool:
    """Whether a file is as the undisturbed run wrote it; of a report, which tells seconds, whether it is complete."""
    if contents is None or not file.endswith(".json"):
        return contents == whole[file]
    try:
        return set(json.loads(contents)) == set(json.loads(whole[file]))
    except ValueError:
        return False
