"""What the header of a NIfTI file says of its grid and its voxels, without the repairs that nibabel makes silently.

Source: the format's definition, nifti1.h and nifti2.h at nifti.nimh.nih.gov.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .byte_stream import ByteStream
from .stored import NO_ORIENTATION, SCANNER, converted
from .text_header import checked_voxel_sizes, not_of_its_type

#: Length in mm of the unit with that code in a NIfTI header; other codes count as mm.
UNITS_IN_MM = {1: 1000.0, 2: 1.0, 3: 0.001}
#: The highest code of a coordinate space.
LAST_SPACE = 5
#: The most bytes of the extensions between a header and its voxels.
LONGEST_EXTENSIONS = 2**28
#: Codes of what the voxels mean that say they are labels: a label, a label by NeuroNames.
LABEL_INTENTS = (1002, 1003)


def read_header(stream: ByteStream) -> Any:
    """The nibabel header, as it is stored, that begins a stream.

    Raises:
        InputError: the stream does not begin with the header of a NIfTI file that holds its own voxels.
    """
    from nibabel.nifti1 import Nifti1Header
    from nibabel.nifti2 import Nifti2Header

    size = stream.read(4).tobytes()
    order = "<" if size[:2] != b"\0\0" else ">"
    kinds = {348: Nifti1Header, 540: Nifti2Header}
    kind: Any = kinds.get(int.from_bytes(size, "little" if order == "<" else "big"))
    if kind is None:
        raise not_of_its_type(stream.path, "NIfTI")
    header = kind(size + stream.read(kind.sizeof_hdr - 4).tobytes(), endianness=order, check=False)
    magic = bytes(header["magic"].item())
    if magic in (b"ni1", b"ni2"):
        raise InputError(f"the voxels of {stream.path} are in a second file (.img): write both as one .nii")
    if magic not in (b"n+1", b"n+2"):
        raise InputError(
            f"{stream.path} cannot be read, its header has the magic {magic!r} instead of n+1: repair the header"
        )
    if not 1 <= int(header["dim"][0]) <= 7:
        raise InputError(f"the header of {stream.path} says that it is {int(header['dim'][0])}-D: repair the header")
    return header


def sizes(header: Any) -> tuple[list[int], tuple[str, ...]]:
    """The sizes along all axes, and a warning where the header gives one beyond the third that is not positive."""
    sizes = [int(size) for size in header["dim"][1 : int(header["dim"][0]) + 1]]
    wrong = [f"dim[{axis}] is {size}" for axis, size in enumerate(sizes, 1) if axis > 3 and size < 1]
    told = (f"the header's {' and '.join(wrong)}: it is taken as 1",) if wrong else ()
    return sizes[:3] + [max(1, size) for size in sizes[3:]], told


def number_type(header: Any, path: Path) -> np.dtype[Any]:
    """The type of the voxels, in the byte order of the file.

    Raises:
        InputError: there is no such type.
    """
    try:
        kind = np.dtype(header.get_data_dtype())
    except Exception:  # nibabel's own errors have no common base
        kind = np.dtype(np.void)
    if kind.itemsize == 0:
        code = int(header["datatype"])
        raise InputError(f"the header of {path} gives the number type {code}, which NIfTI has not: repair its datatype")
    return kind


def skip_to_voxels(header: Any, stream: ByteStream) -> tuple[str, ...]:
    """Pass over what lies between the header and the voxels; a warning if the header does not tell where these begin.

    Raises:
        InputError: they cannot begin where the header says.
    """
    first = int(header.sizeof_hdr) + 4  # the last four bytes say whether there are extensions
    extended = bool(stream.read(4)[0])
    offset = float(header["vox_offset"])
    if offset == 0 and not extended:
        return (f"the header does not tell where the voxels begin (vox_offset = 0): they are read from byte {first}",)
    if not first <= offset <= LONGEST_EXTENSIONS or offset % 1:
        raise InputError(
            f"the header of {stream.path} says that its voxels begin at byte {offset:g} (vox_offset), and they cannot "
            f"begin before byte {first} or so far behind: repair the header"
        )
    stream.skip(int(offset) - first)
    return ()


def slope_and_intercept(header: Any, path: Path) -> tuple[float, float, tuple[str, ...]]:
    """What stored intensities are multiplied by, what is added then, and a warning if the former is not finite.

    Raises:
        InputError: the latter is not finite.
    """
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if slope == 0:  # as the format says, there is no scaling
        return 1.0, 0.0, ()
    if not np.isfinite(slope):
        return 1.0, 0.0, (f"the header's scl_slope is {slope}: intensities are taken as they are stored",)
    if not np.isfinite(intercept):
        raise InputError(f"the header of {path} has scl_inter = {intercept}: repair the header")
    return slope, intercept, ()


def placement(header: Any, shape: tuple[int, int, int], path: Path) -> tuple[NDArray[np.float64], int, tuple[str, ...]]:
    """The affine, voxel index to RAS mm; the code of its coordinate space; and warnings.

    As in nibabel it is the sform if its code is above 0, else the qform; but the qform where the sform is no affine.

    Raises:
        InputError: the header tells no voxel sizes where they are needed.
    """
    codes = {name: int(header[f"{name}_code"]) for name in ("qform", "sform")}
    warnings = tuple(
        f"the header's {name}_code is {code}, which NIfTI has not: it is taken as scanner coordinates"
        for name, code in codes.items()
        if code > LAST_SPACE
    )
    used = "sform" if codes["sform"] > 0 else "qform"
    if codes["sform"] > 0 and codes["qform"] > 0 and not _is_affine(header.get_sform()):
        used = "qform"
        warnings += ("the header's sform is all zero, singular or not finite: the qform is used",)
    elif codes["sform"] > 0:
        warnings += _disagreement(header, shape, codes["qform"] > 0)
    if used == "sform":
        affine = np.asarray(header.get_sform(), dtype=np.float64)
    else:
        sizes = np.asarray(header["pixdim"][1:4], dtype=np.float64)
        checked_voxel_sizes(sizes, [f"pixdim[{axis}]" for axis in (1, 2, 3)], path)
        if codes["qform"] > 0:
            affine, told = _qform(header, path)
            warnings += told
        else:
            affine = header.get_base_affine()
            warnings += (NO_ORIENTATION.format(why=" (qform and sform codes are 0)"),)
    unit = UNITS_IN_MM.get(int(header["xyzt_units"]) & 7, 1.0)
    if unit != 1.0:
        affine = np.diag([unit, unit, unit, 1.0]) @ affine
        warnings += (converted(unit),)
    space = codes[used]
    return affine, space if 1 <= space <= LAST_SPACE else SCANNER, warnings


def _is_affine(matrix: NDArray[np.floating]) -> bool:
    """Whether a matrix maps voxels to places: it is finite, and its first columns are linearly independent."""
    columns = np.asarray(matrix, dtype=np.float64)[:3, :3]
    lengths = np.linalg.norm(columns, axis=0)
    return bool(np.isfinite(matrix).all() and lengths.min() > 0 and abs(np.linalg.det(columns / lengths)) > 1e-6)


def _qform(header: Any, path: Path) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """The qform, and a warning if it is not clear whether it is left-handed."""
    handedness = float(header["pixdim"][0])
    header["pixdim"][0] = -1 if handedness < 0 else 1  # as the format says of 0; nibabel takes nothing else
    try:
        affine = np.asarray(header.get_qform(), dtype=np.float64)
    except Exception as error:  # nibabel's own errors have no common base
        raise InputError(f"the qform of {path} is not a rotation: repair the header") from error
    if handedness in (-1, 0, 1):
        return affine, ()
    taken = "left" if handedness < 0 else "right"
    return affine, (f"the header's pixdim[0] is {handedness:g} instead of -1 or 1: it is taken as {taken}-handed",)


def _disagreement(header: Any, shape: tuple[int, int, int], has_qform: bool) -> tuple[str, ...]:
    """A warning if the rest of the header describes another grid than the sform, which is used."""
    affine = np.asarray(header.get_sform(), dtype=np.float64)
    steps = np.linalg.norm(affine[:3, :3], axis=0)
    if not has_qform:
        sizes = np.abs(np.asarray(header["pixdim"][1:4], dtype=np.float64))
        if np.abs(steps - sizes).max() <= 0.01 * steps.min():
            return ()
        return (f"the sform, which is used, has voxels of {_text(steps)} mm; the header says {_text(sizes)} mm",)
    try:
        qform, _ = _qform(header, Path())
    except InputError:
        return ("the header's qform is not a rotation: the sform is used",)
    corners = np.array([(i, j, k, 1) for i in (0, shape[0]) for j in (0, shape[1]) for k in (0, shape[2])])
    apart = np.linalg.norm((corners @ (affine - qform).T)[:, :3], axis=1).max()
    if apart < steps.min():  # single precision moves a qform by half a voxel
        return ()
    return (f"the header's qform and sform are up to {apart:.3g} mm apart: the sform is used",)


def _text(sizes: NDArray[np.float64]) -> str:
    return " x ".join(f"{size:.4g}" for size in sizes)
