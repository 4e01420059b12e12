"""The CLI module ``BringBackToSlices``."""

from __future__ import annotations

from functools import partial

from ..data.geometry import slice_geometry
from ..errors import InputError
from ..image_io.label_maps import read_labels
from ..image_io.profile_table import read_profile
from ..image_io.volumes import read_volume, write_volume
from ..progress import part_of
from ..workflows.texts import labels_lines, width_line
from ..workflows.to_slices import to_slices
from .arguments import Arguments
from .console import Console
from .results import SEPARATOR, Results, interval


def compute(arguments: Arguments, console: Console) -> Results:
    """Bring an image or a label map on thin planes back to a scan's slices."""
    console(0.0, "reading the volume and the scan")
    if arguments["scanVolume"] is None:
        raise InputError("there is no scan to whose slices the volume could be brought: choose one")
    volume = (read_labels if arguments["labels"] else read_volume)(arguments["inputVolume"])
    scan = read_volume(arguments["scanVolume"])
    geometry = slice_geometry(scan, arguments["axis"], arguments["acquiredResolution"])
    table = arguments["profileTable"]
    result = to_slices(
        volume,
        scan,
        profile=None if table is None else read_profile(table, geometry.in_plane_voxel),
        labels=arguments["labels"],
        axis=arguments["axis"],
        acquired_resolution=arguments["acquiredResolution"],
        progress=part_of(console, 0.02, 0.98),
    )
    console.warn(result.warnings)
    console.say(width_line(result.profile, geometry))
    for line in labels_lines(result.volumes):
        console.say(f"label {line}")
    low, high = interval(result.profile)
    told = (f"{each.label} {each.before_ml:.6g} {each.after_ml:.6g}" for each in result.volumes)
    return Results(
        writers={"outputVolume": partial(write_volume, result, keep_type=arguments["labels"], compress=False)},
        returned={
            "fwhm": result.profile.fwhm_mm,
            "fwhmLow": low,
            "fwhmHigh": high,
            "volumes": SEPARATOR.join(told),
            "warnings": SEPARATOR.join(result.warnings),
        },
    )
