"""``fuzz``: mutated headers, bytes, tables and names in every format; each run answers or refuses with one sentence."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from SuperResolveLib.errors import InputError
from SuperResolveLib.image_io.volumes import read_volume

from . import trial
from .dicom_inputs import SERIES
from .inputs import IMAGES, TABLE, Input, scan
from .mutations import files_of, mutations_of

OUTPUT = "out.nii.gz"
KINDS = (*IMAGES, *SERIES, TABLE)
#: One in so many inputs is super-resolved, which takes seconds; it is coprime to the number of kinds of input.
SLOW = 5
#: The voxels of a checksummed file may differ by no more than this, in the scan's intensity unit.
ROUNDING = 1e-3


@dataclass(frozen=True)
class Outcome:
    """What came of one mutated input.

    Attributes:
        number: which it was; with the seed it says all.
        input: the kind of input.
        mutation: what was done to it.
        code: exit code of the run, as in :class:`~.trial.Ending`.
        wrong: what was wrong, in words; empty if it was right.
        message: the last line on stderr.
    """

    number: int
    input: str
    mutation: str
    code: int | None
    wrong: tuple[str, ...]
    message: str


class Fuzzer:
    """Runs mutated inputs in a temporary folder.

    Args:
        seed: of the mutations.
        keep: where inputs that were handled wrongly are kept; ``None`` to drop them.
        inputs: names of the kinds of input; ``None`` for all.
    """

    def __init__(self, seed: int, keep: Path | None = None, inputs: Sequence[str] | None = None) -> None:
        self._seed = seed
        self._keep = keep
        self._kinds = [kind for kind in KINDS if inputs is None or kind.name in inputs]
        self._memory: dict[str, int] = {}

    def run(self, number: int) -> Outcome:
        """Mutate an input, chosen by ``number``, once to three times, and run the command on it."""
        random = np.random.default_rng([self._seed, number])
        kind = self._kinds[number % len(self._kinds)]
        with tempfile.TemporaryDirectory() as place:
            given, output = Path(place) / "in", Path(place) / "out"
            given.mkdir()
            output.mkdir()
            path = kind.write(given)
            if kind.name not in self._memory:
                self._memory[kind.name] = self._whole(kind, path, output)
            mutations = mutations_of(kind, kind in SERIES)
            done = [
                mutations[int(random.integers(len(mutations)))](random, given)
                for _ in range(int(random.choice([1, 1, 1, 2, 3])))
                if files_of(given)
            ]
            path = self._found(kind, path, given)
            ending = trial.run(self._arguments(kind, path, output, number % SLOW == 0), output)
            wrong = trial.violations(ending, {OUTPUT}, output, self._memory[kind.name])
            if ending.code == 0 and kind.checksummed and self._misread(path):
                wrong.append("damage read as data")
            if wrong and self._keep is not None:
                shutil.copytree(place, self._keep / f"{self._seed}-{number}", dirs_exist_ok=True)
        lines = ending.message.strip().splitlines() or [""]
        return Outcome(number, kind.name, "; ".join(done), ending.code, tuple(wrong), lines[-1])

    def _whole(self, kind: Input, path: Path, output: Path) -> int:
        """The memory in bytes that the unharmed input takes; it must be right, or nothing else means anything."""
        ending = trial.run(self._arguments(kind, path, output, True), output)
        if ending.code != 0 or trial.violations(ending, {OUTPUT}, output, 0):
            raise InputError(f"the unharmed input {kind.name} is not read: {ending.message.strip()}")
        (output / OUTPUT).unlink()
        return ending.memory

    @staticmethod
    def _found(kind: Input, path: Path, given: Path) -> Path:
        """What is given to the command, also where it was renamed."""
        if path.exists() or path.suffix == "":
            return path
        same = [other for other in files_of(given) if other.name.endswith("".join(path.suffixes))]
        return same[0] if same else path

    @staticmethod
    def _arguments(kind: Input, path: Path, output: Path, whole: bool) -> list[str]:
        """The command: ``super-resolve``, or ``simulate``, which reads and writes the same and takes no time."""
        image, profile = path, "gaussian:5"
        if kind is TABLE:
            image, profile = IMAGES[0].write(output.parent), str(path)
        options = ["super-resolve", "--method", "tikhonov"] if whole else ["simulate", "--ratio", "1.25", "--axis", "k"]
        return [*options, "--profile", profile, "-o", str(output / OUTPUT), "--", str(image)]

    @staticmethod
    def _misread(path: Path) -> bool:
        """Whether voxels that a checksum protects were read wrongly; a header may change their order or scale."""
        try:
            voxels = read_volume(path).data
        except InputError:
            return False
        there, true = np.sort(voxels, axis=None), np.sort(scan().data, axis=None)
        return there.size == true.size and 0 < float(np.mean(np.abs(there - true) > ROUNDING)) < 0.5
