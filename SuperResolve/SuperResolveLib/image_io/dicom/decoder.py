"""Decoding JPEG, JPEG-LS and JPEG 2000 in a process of its own.

Their decoders crash on damaged data. One process decodes all files of a series; it is handed the compressed voxels and
nothing else of the files.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from .codestream import check_streams, encapsulated, minimal_file
from .file import DicomFile
from .format import PixelFormat
from .tags import shown

#: JPEG (8, 12 bits; lossless), JPEG-LS and JPEG 2000.
DECODED = tuple(f"1.2.840.10008.1.2.4.{kind}" for kind in ("50", "51", "57", "70", "80", "81", "90", "91"))
#: What Python runs in the process; -P keeps the script's neighbours from being imported.
PROCESS = ("-P", str(Path(__file__).with_name("gdcm_process.py")))
#: How long the process may take, in seconds: to start, and for every file.
START_SECONDS, FILE_SECONDS = 60.0, 5.0


class Decoder:
    """SimpleITK's decoders in a process of their own, which ends with the context."""

    def __init__(self) -> None:
        self._folder = Path()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Have the process import what it needs, which takes a while.

        Raises:
            InputError: there is no Python to run it, or no temporary folder for it.
        """
        if self._process is not None:
            return
        python = _python()
        with _temporary_files():
            self._folder = Path(tempfile.mkdtemp(prefix="slice-profile-sr-"))
            self._process = subprocess.Popen(
                [python, *PROCESS],
                cwd=self._folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )

    def decode(self, files: Sequence[DicomFile], forms: Sequence[PixelFormat]) -> None:
        """Decode the voxels of files.

        Raises:
            InputError: the compression is not read; or the process failed, or took too long.
        """
        self.start()
        assert self._process is not None
        for index, (file, form) in enumerate(zip(files, forms, strict=True)):
            if file.syntax not in DECODED:
                way = shown(file.syntax)
                raise InputError(f"{file.path} is compressed in a way that is not read ({way}): decompress it first")
            compressed = encapsulated(file)
            check_streams(compressed, file, form)
            with _temporary_files():
                (self._folder / f"{index}.dcm").write_bytes(minimal_file(file.syntax, form, compressed))
        try:
            self._process.communicate(b"%d\n" % len(files), timeout=START_SECONDS + FILE_SECONDS * len(files))
            done = self._process.returncode == 0
        except subprocess.TimeoutExpired:
            done = False
        if not done:
            unfinished = (file for index, file in enumerate(files) if not (self._folder / f"{index}.done").exists())
            raise undecodable(next(unfinished, files[-1]))

    def decoded(self, index: int, file: DicomFile, form: PixelFormat) -> NDArray[Any]:
        """The words of the file of that index among the decoded ones, shape (frames, rows, columns).

        Raises:
            InputError: they are not as many as the header tells.
        """
        words = np.load(self._folder / f"{index}.npy", allow_pickle=False)
        if words.size != form.frames * form.rows * form.columns:
            raise undecodable(file)
        return words.astype(form.word).reshape(form.frames, form.rows, form.columns)


@contextmanager
def _temporary_files() -> Iterator[None]:
    """Tell in one sentence that temporary files cannot be written."""
    try:
        yield
    except OSError as error:
        place = tempfile.gettempdir()
        raise InputError(
            f"compressed DICOM cannot be decoded in {place} ({error.strerror}): free space there, or set TMPDIR"
        ) from error


def may_be_compressed(path: Path) -> bool:
    """Whether a file begins as a DICOM file whose voxels such a process decodes: a guess, so that it starts early."""
    with path.open("rb") as file:
        return b"1.2.840.10008.1.2.4." in file.read(1024)


def _python() -> str:
    """Python's executable; Slicer's own ``sys.executable`` may be the application.

    Raises:
        InputError: there is none.
    """
    if Path(sys.executable or "").name.lower().startswith("python"):
        return sys.executable
    found = shutil.which("PythonSlicer") or shutil.which("python3") or shutil.which("python")
    if found is None:
        raise InputError("no Python is found to decompress these DICOM files: decompress them first, as dcmdjpeg does")
    return found


def undecodable(file: DicomFile) -> InputError:
    """The refusal of a file whose compressed voxels are damaged."""
    return InputError(
        f"{file.path} is a damaged DICOM file: its voxels cannot be decompressed; replace it by a good copy"
    )
