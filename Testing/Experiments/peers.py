"""What the paper and other tools reach in Table 1, to stand beside ours.

The paper's are its means over all cells of a family (Han et al., IPMI 2021, Table 1). The tools were run as released on
one volume, ``chris_t1``, along axis k, on two cores: the ESPRESO in ECLARE 1.0.1 (Remedios et al., arXiv 2503.11787)
and espreso2 (https://github.com/shuohan/espreso2). Errors are in voxels.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figures:
    """FWHM error in voxels, profile error, processor time, PSNR of the degraded volume; ``None`` where not known."""

    fwhm_error: float
    profile_error: float
    cpu_seconds: float | None = None
    psnr: float | None = None


PAPER = {"gaussian": Figures(0.57, 0.17), "rect": Figures(0.70, 0.36)}

PEER_VOLUME, PEER_AXIS = "chris_t1", "k"

PEERS: dict[str, dict[str, Figures]] = {
    "ECLARE 1.0.1": {
        "gaussian:2@4": Figures(1.04, 0.31, 335),
        "gaussian:4@2": Figures(0.69, 0.23, 353),
        "gaussian:4@4": Figures(0.63, 0.21, 675),
        "gaussian:4@8": Figures(0.73, 0.24, 457),
        "gaussian:8@4": Figures(4.63, 0.81, 436),
        "rect:3@4": Figures(0.12, 0.46),
        "rect:5@4": Figures(1.61, 0.39),
        "rect:9@4": Figures(5.44, 0.75),
    },
    "espreso2": {
        "gaussian:4@4": Figures(0.79, 0.10, 737, 50.9),
        "gaussian:8@4": Figures(2.01, 0.16, 839, 47.9),
    },
}
