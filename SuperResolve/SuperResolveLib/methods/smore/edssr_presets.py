"""How large the network of EDSSR is and how long it learns; this needs torch."""

from __future__ import annotations

from .super_resolve import PRESETS as OF_SMORE
from .super_resolve import Preset

#: ``paper`` is EDSR as published (Lim et al. 2017): 32 blocks of 256 channels whose residuals are scaled by 0.1, the
#: absolute error, Adam at 1e-4, batches of 16 patches that are 48 pixels wide. How long EDSSR learned is not told: the
#: number of iterations is ours, and so is the cosine by which the rate falls, which EDSR halves every 200,000.
PRESETS = {
    "fast": OF_SMORE["fast"],
    "paper": Preset(
        "edsr",
        256,
        32,
        iterations=300_000,
        batch=16,
        learning_rate=1e-4,
        loss="absolute",
        optimiser="adam",
        scale=0.1,
    ),
}
