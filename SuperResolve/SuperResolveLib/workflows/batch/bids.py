"""Results as a BIDS derivative: names that keep the scan's entities, sidecars with sources, the dataset's description.

After the Brain Imaging Data Structure 1.10 (https://bids-specification.readthedocs.io), derivatives.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...image_io.files import write_whole
from ...image_io.scan_files import ScanFile
from ...image_io.volumes import file_ending
from ...version import __version__

#: Of the specification that is followed.
VERSION = "1.10.0"
DESCRIPTION, IGNORED = "dataset_description.json", ".bidsignore"
#: How the source dataset is called in the URIs of sources.
SOURCE = "raw"
#: Suffixes of anatomical MR whose voxels are intensities.
SUFFIXES = ("T1w", "T2w", "PDw", "T2starw", "FLAIR", "inplaneT1", "inplaneT2", "PDT2", "angio", "MEGRE", "MESE", "VFA")
#: Folders of a dataset that hold other than its own scans.
OTHER_FOLDERS = ("code", "derivatives", "sourcedata")
ENDINGS = (".nii.gz", ".nii")
#: What of the results BIDS has no name for.
UNNAMED = (
    "results.tsv",
    "report.html",
    "batch.lock",
    "cluster/",
    "*_profile.tsv",
    "*_profile.json",
    "*_residual.nii*",
    "*_uncertainty*.nii*",
)


def dataset_of(scan: ScanFile) -> Path | None:
    """The root of the dataset that a scan belongs to; ``None`` where it is no anatomical scan of one."""
    path = scan.path.absolute()
    suffix = path.name.partition(".")[0].rpartition("_")[2]
    if scan.path.is_dir() or file_ending(path) not in ENDINGS or suffix not in SUFFIXES or path.parent.name != "anat":
        return None
    root = next((folder for folder in path.parents if (folder / DESCRIPTION).is_file()), None)
    return None if root is None or path.relative_to(root).parts[0] in OTHER_FOLDERS else root


def derivative_stem(path: Path, root: Path) -> str:
    """What the result of a scan is called: all entities are kept, and ``desc`` becomes ``sr``."""
    inside = path.absolute().relative_to(root)
    *entities, suffix = inside.name.partition(".")[0].split("_")
    kept = [entity for entity in entities if not re.match(r"desc-", entity)]
    return (inside.parent / "_".join([*kept, "desc-sr", suffix])).as_posix()


def source_uri(path: Path, root: Path) -> str:
    """The BIDS URI of a scan."""
    return f"bids:{SOURCE}:{path.absolute().relative_to(root).as_posix()}"


def bids_sidecar(report: Mapping[str, Any], source: str) -> dict[str, Any]:
    """A report as the sidecar of a derivative."""
    return {
        "Description": "Super-resolved through plane, or its slice profile, by slice-profile-sr",
        "Sources": [source],
        "SpatialReference": "orig",
        "SkullStripped": False,  # a scan of a raw dataset
        "SliceProfileSR": dict(report),
    }


def write_description(root: Path, folder: Path) -> None:
    """Write what makes the folder of the results a BIDS derivative of the dataset at ``root``.

    Raises:
        InputError: a file cannot be written.
    """
    where = Path(os.path.relpath(root.resolve(), folder.resolve())).as_posix()
    told = {
        "Name": f"{_name(root)}, super-resolved through plane",
        "BIDSVersion": VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [
            {
                "Name": "slice-profile-sr",
                "Version": __version__,
                "CodeURL": "https://github.com/SliceProfileSR/SliceProfileSR",
            }
        ],
        "SourceDatasets": [{"URL": where}],
        "DatasetLinks": {SOURCE: where},
    }
    write_whole(folder / DESCRIPTION, (json.dumps(told, indent=2, ensure_ascii=False) + "\n").encode())
    write_whole(folder / IGNORED, "".join(f"{pattern}\n" for pattern in UNNAMED).encode())


def check_one_dataset(roots: set[Path]) -> Path:
    """The only root.

    Raises:
        InputError: there are several.
    """
    if len(roots) > 1:
        first, second, *_ = sorted(roots)
        raise InputError(f"the scans are of several BIDS datasets, {first} and {second}: give those of one")
    return next(iter(roots))


def _name(root: Path) -> str:
    """What a dataset is called; its folder's name where its description does not tell."""
    try:
        told = json.loads((root / DESCRIPTION).read_text(encoding="utf-8-sig"))
        name = told["Name"]
        return name if isinstance(name, str) and name else root.name
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return root.name
