"""Who a scan is of, and what it is: from BIDS's entities, DICOM's tags, or else the folder."""

from __future__ import annotations

import re
from pathlib import Path

_SUBJECT = re.compile(r"(?:^|[/\\_])sub-([A-Za-z0-9]+)(?=[/\\_.]|$)")
_SUFFIX = re.compile(
    r"_(T1w|T2w|T2star|T2starw|FLAIR|PDw|PDT2|inplaneT1|inplaneT2|angio|SWI|dwi|bold)\.", re.IGNORECASE
)


def subject_of(path: Path, patient: str | None, root: Path) -> str:
    """A name for whoever a scan is of, equal for scans of one subject; it tells nobody who that is.

    BIDS's ``sub-`` goes before DICOM's patient; where there is neither, scans that share a folder inside the folder
    that was named are one subject's, and files that lie in the latter itself are of a subject each.

    Args:
        path: of the file, or of a DICOM series' folder.
        patient: a hash of DICOM's PatientID.
        root: the folder that was named, or the file's own folder.
    """
    if found := _SUBJECT.findall(path.as_posix()):
        return f"sub-{found[-1]}"
    if patient:
        return f"patient {patient}"
    folder = path.parent
    return str(path) if folder == root else str(folder)


def modality_of(path: Path, modality: str | None) -> str | None:
    """BIDS's suffix, or what the header says; ``None`` where neither tells."""
    found = _SUFFIX.search(path.name)
    return found[1] if found else modality
