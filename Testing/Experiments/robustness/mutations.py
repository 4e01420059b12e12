"""Damage as disks, networks, editors and attackers do it: to bytes, header fields, table cells and names of files."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .inputs import Input

Random = np.random.Generator
#: Damages some file below a folder in place, and says how.
Mutation = Callable[[Random, Path], str]

#: What is written where a number, a word or a path is expected.
NASTY = (
    "", " ", "0", "-0", "-1", "-3", "1", "2", "3", "7", "255", "256", "65535", "65536", "2147483647", "4294967296",
    "-2147483648", "9223372036854775807", "9" * 40, "1e-300", "1e-6", "0.004", "1e6", "1e30", "1e308", "-1e27", "1e999",
    "nan", "inf", "-inf", "0x10", "1,5", "1 2", "1 2 3", "1 2 3 4", "0 0 0", "nan nan nan", "true", "False", "none",
    "LOCAL", "LIST", "%s%s%s%n", "%d", "/etc/passwd", "../../etc/passwd", "scan.json", ".", "..", "~", "raw", "gzip",
    "bzip2", "hex", "text", "MET_DOUBLE", "MET_CHAR_ARRAY", "MET_OTHER", "double", "block", "\x00", "\xff\xfe", "é",
    "\u4e00", "A" * 300, "A" * 5000, "(1,0,0)", "(nan,0,0) (0,1,0) (0,0,1)", "(0,0,0) (0,0,0) (0,0,0)", "'; rm -rf",
)  # fmt: skip
#: Names that files have somewhere.
NAMES = ("-o", "--help", "a b", "x\ny", "é", "\udcff", "%s%n", "$HOME", "a'b\"c", "[1]", "*", "~", "\u202e", "n" * 180)


def files_of(folder: Path) -> list[Path]:
    """All files below a folder, in order."""
    return sorted((path for path in folder.rglob("*") if path.is_file()), key=os.fsencode)


def _some(random: Random, folder: Path) -> tuple[Path, bytearray]:
    files = files_of(folder)
    path = files[int(random.integers(len(files)))]
    return path, bytearray(path.read_bytes())


def _place(random: Random, size: int) -> int:
    """A place in a file, in every second case near its start, where headers are."""
    return int(random.integers(min(size, 400) if random.random() < 0.5 else size)) if size else 0


def flip_bytes(random: Random, folder: Path) -> str:
    """Replace one to sixteen bytes."""
    path, contents = _some(random, folder)
    count = int(2 ** random.uniform(0, 4))
    for _ in range(count if contents else 0):
        contents[_place(random, len(contents))] = (0, 1, 127, 128, 255, int(random.integers(256)))[
            int(random.integers(6))
        ]
    path.write_bytes(contents)
    return f"{count} bytes replaced in {path.name!r}"


def truncate(random: Random, folder: Path) -> str:
    """Cut the end off."""
    path, contents = _some(random, folder)
    size = int(random.integers(len(contents) + 1)) if random.random() < 0.7 else max(0, len(contents) - 1)
    path.write_bytes(contents[:size])
    return f"{path.name!r} cut to {size} of {len(contents)} bytes"


def append(random: Random, folder: Path) -> str:
    """Add bytes to the end."""
    path, contents = _some(random, folder)
    count = int(10 ** random.uniform(0, 4))
    path.write_bytes(bytes(contents) + random.bytes(count))
    return f"{count} bytes added to {path.name!r}"


def move_bytes(random: Random, folder: Path) -> str:
    """Delete, double or insert a piece."""
    path, contents = _some(random, folder)
    start = _place(random, len(contents))
    piece = contents[start : start + int(10 ** random.uniform(0, 3))]
    kind = int(random.integers(3))
    contents[start : start + len(piece)] = (b"", piece * 2, random.bytes(len(piece)) + bytes(piece))[kind]
    path.write_bytes(contents)
    return f"{len(piece)} bytes {('deleted', 'doubled', 'inserted')[kind]} at {start} of {path.name!r}"


def replace_number(random: Random, folder: Path) -> str:
    """Write an extreme number of two, four or eight bytes over the header."""
    path, contents = _some(random, folder)
    kinds = ("<i2", ">i2", "<i4", ">i4", "<f4", ">f4", "<f8", ">f8", "<i8", ">i8")
    kind = np.dtype(kinds[int(random.integers(len(kinds)))])
    values = [0, 1, -1, 3, 100, 30000] if kind.kind == "i" else [0, np.nan, np.inf, -1, 1e-30, 1e30, 3e38, 0.004]
    value = values[int(random.integers(len(values)))]
    start = int(random.integers(max(1, min(len(contents), 352) // kind.itemsize))) * kind.itemsize
    contents[start : start + kind.itemsize] = np.array(value, kind).tobytes()
    path.write_bytes(contents)
    return f"{value} as {kind.str} at {start} of {path.name!r}"


def delete_file(random: Random, folder: Path) -> str:
    """Lose a file."""
    path, _ = _some(random, folder)
    path.unlink()
    return f"{path.name!r} deleted"


def empty_file(random: Random, folder: Path) -> str:
    """Leave only the name."""
    path, _ = _some(random, folder)
    path.write_bytes(b"")
    return f"{path.name!r} emptied"


def replace_field(random: Random, folder: Path) -> str:
    """Write something nasty where a text header or a table has a value, or drop, double or swap a line."""
    texts = [path for path in files_of(folder) if path.suffix not in (".raw", ".zraw", ".gz", ".nii")]
    if not texts:  # an earlier mutation deleted it
        return "no text to change"
    path = texts[int(random.integers(len(texts)))]
    head, blank, voxels = _header(path.read_bytes())
    lines = head.split(b"\n")
    index = int(random.integers(len(lines)))
    nasty = NASTY[int(random.integers(len(NASTY)))].encode("utf-8", "surrogateescape")
    kind = int(random.integers(10))
    if kind < 6:
        lines[index] = re.sub(rb"^([^:=\t]*[:=\t]+\s*).*", lambda match: match.group(1) + nasty, lines[index])
    elif kind == 6:
        parts = re.split(rb"([ ,()\t]+)", lines[index])
        parts[int(random.integers((len(parts) + 1) // 2)) * 2] = nasty
        lines[index] = b"".join(parts)
    elif kind == 7:
        del lines[index]
    elif kind == 8:
        lines.insert(index, lines[index])
    else:
        other = int(random.integers(len(lines)))
        lines[index], lines[other] = lines[other], lines[index]
    path.write_bytes(b"\n".join(lines) + blank + voxels)
    how = "a value replaced" if kind < 7 else ("deleted", "doubled", "swapped")[kind - 7]
    return f"line {index} of {path.name!r}: {how}" + (f" by {nasty[:40]!r}" if kind < 7 else "")


def _header(contents: bytes) -> tuple[bytes, bytes, bytes]:
    """The text header of an image file, what ends it, and what follows."""
    if contents.startswith(b"NRRD"):
        return contents.partition(b"\n\n")
    end = re.search(rb"ElementDataFile[^\n]*\n", contents)
    return (contents[: end.end()], b"", contents[end.end() :]) if end else (contents, b"", b"")


def replace_tag(random: Random, folder: Path) -> str:
    """Give a tag of a DICOM file a nasty value, or drop it."""
    import pydicom

    path, _ = _some(random, folder)
    try:
        dataset = pydicom.dcmread(path, force=True)
        items = [dataset, *(item for element in dataset if element.VR == "SQ" for item in element.value)]
    except Exception:  # an earlier mutation damaged it
        return "nothing"
    item = items[int(random.integers(len(items)))]
    elements = [element for element in item if element.VR not in ("SQ", "OW", "OB")]
    if not elements:
        return "nothing"
    element = elements[int(random.integers(len(elements)))]
    if random.random() < 0.2:
        del item[element.tag]
        value: object = None
    elif element.VR in ("US", "SS", "UL", "SL"):
        value = int(random.choice([0, 1, 2, 8, 13, 16, 32, 64, 255, 30000, 65535]))
        element.value = value
    else:
        value = NASTY[int(random.integers(len(NASTY)))].encode("utf-8", "surrogateescape")
        element._value = value.decode("latin-1")  # past pydicom's own checks, as other writers are
    try:
        dataset.save_as(path)
    except Exception:  # what pydicom cannot write at all
        return "nothing"
    return f"{element.keyword} of {path.name!r} is {value!r:.60}"


def rename(random: Random, folder: Path) -> str:
    """Give a file an odd name with the same ending."""
    path, _ = _some(random, folder)
    ending = "".join(path.suffixes)
    name = NAMES[int(random.integers(len(NAMES)))] + ending
    path.rename(path.with_name(name))
    return f"{path.name!r} renamed to {name!r}"


BYTES: tuple[Mutation, ...] = (flip_bytes, flip_bytes, truncate, append, move_bytes, replace_number, replace_number)
FILES: tuple[Mutation, ...] = (delete_file, empty_file, rename)


def mutations_of(kind: Input, dicom: bool) -> tuple[Mutation, ...]:
    """The mutations that make sense for an input; those that reach deepest come more often."""
    fields = (replace_field,) * 8 if kind.textual or kind.name.endswith("sidecar") else ()
    tags = (replace_tag,) * 8 if dicom else ()
    return BYTES + FILES + fields + tags
