"""The volume that DICOM slices make up: checked, sorted by position, with their intensities."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ..acquisition_tags import acquisition_header
from ..checks import check_shape
from ..stored import LPS_TO_RAS, StoredImage
from .decoder import Decoder
from .enhanced import frames_of
from .file import DicomFile
from .format import PixelFormat, check_claim, check_pixel_data
from .pixels import stored_words
from .slice import DicomSlice
from .slice_stack import stack_affine, stack_order
from .values import Intensities, without_padding

#: How much the rescale slopes of slices may differ without a word.
LARGEST_SLOPE_RATIO = 10.0


def read_slices(files: Sequence[DicomFile], source: Path, decoder: Decoder) -> StoredImage:
    """The volume of files that each hold a slice, or of one that holds all; ``source`` is what messages name."""
    forms = [PixelFormat.of(file) for file in files]
    slices = _slices(files, forms)
    check_claim(files, forms, source)
    for file, form in zip(files, forms, strict=True):
        check_pixel_data(file, form)
    placements = [image.placement() for image in slices]
    order = stack_order(placements, source)
    affine, rounded = stack_affine([placements[index] for index in order], source)
    lps = LPS_TO_RAS @ affine
    voxels, padding = _voxels(files, forms, slices, order, source, decoder)
    header, warnings = acquisition_header(slices[order[0]].tags, lps, voxels.shape, (0, 1))
    return StoredImage(voxels, lps, header, (*rounded, *padding, *warnings))


def _slices(files: Sequence[DicomFile], forms: Sequence[PixelFormat]) -> list[DicomSlice]:
    slices: list[DicomSlice] = []
    for file, form in zip(files, forms, strict=True):
        tags = file.tags
        if "MOSAIC" in tags["ImageType"].upper():
            raise InputError(f"{file.path} is a mosaic of slices: convert it to NIfTI, as with dcm2niix")
        if form.frames > 1 and len(files) > 1:
            raise InputError(f"{file.path} is multi-frame DICOM among single slices: give it alone")
        described = "PerFrameFunctionalGroupsSequence" in file.header
        if form.frames > 1 or (described and not tags["ImagePositionPatient"]):
            slices += frames_of(file, form.frames)
        else:
            slices.append(DicomSlice(file.path.name, file, tags))
    return slices


def _voxels(
    files: Sequence[DicomFile],
    forms: Sequence[PixelFormat],
    slices: Sequence[DicomSlice],
    order: Sequence[int],
    source: Path,
    decoder: Decoder,
) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Intensities of slices of equal format, sorted by position, shape (columns, rows, slices), and warnings."""
    for file, form in zip(files, forms, strict=True):
        difference = form.difference(forms[0])
        if difference:
            names = f"{files[0].path.name} and {file.path.name}"
            raise InputError(f"the slices {names} of {source} differ in {difference}: give one stack of slices")
    per_frame = [form for form in forms for _ in range(form.frames)]
    intensities = [image.intensities(form) for image, form in zip(slices, per_frame, strict=True)]
    kind = np.result_type(*{each.kind(form) for each, form in zip(intensities, per_frame, strict=True)})
    check_shape((forms[0].columns, forms[0].rows, len(slices)), source)
    voxels = np.empty((len(slices), forms[0].rows, forms[0].columns), kind)
    padded = np.zeros(voxels.shape, np.bool_) if any(each.padding for each in intensities) else None
    place = {index: position for position, index in enumerate(order)}
    index = 0
    for words, form in zip(stored_words(files, forms, decoder), forms, strict=True):
        for frame in words:
            voxels[place[index]], outside = intensities[index].apply(frame, form)
            if outside is not None and padded is not None:
                padded[place[index]] = outside
            index += 1
    voxels, warnings = without_padding(voxels, padded, source)
    told = (*_display_warning(intensities, per_frame), *_slope_warning(intensities), *warnings)
    return voxels.transpose(2, 1, 0), told


def _display_warning(intensities: Sequence[Intensities], forms: Sequence[PixelFormat]) -> tuple[str, ...]:
    if any(each.inverted for each in intensities):
        return ("the slices are stored with low values bright (MONOCHROME1): they were inverted",)
    if any(form.inverted for form in forms):
        return ("the slices are displayed with low values bright (MONOCHROME1): CT's numbers are kept as they are",)
    return ()


def _slope_warning(intensities: Sequence[Intensities]) -> tuple[str, ...]:
    """Scanners scale slices differently, but not by much: one far from the others may be damaged."""
    slopes = [each.slope for each in intensities]
    if min(slopes) > 0 and max(slopes) <= LARGEST_SLOPE_RATIO * min(slopes):
        return ()
    if max(slopes) < 0 and min(slopes) >= LARGEST_SLOPE_RATIO * max(slopes):
        return ()
    return (f"the slices are rescaled very differently, by slopes from {min(slopes):.4g} to {max(slopes):.4g}",)
