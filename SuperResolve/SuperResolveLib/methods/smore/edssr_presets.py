"""How large the network of EDSSR is and how long it learns; this needs torch."""

from __future__ import annotations

from .super_resolve import PRESETS as OF_SMORE
from .super_resolve import Preset

#: ``paper`` is EDSR as published (Lim et al. 2017, Sec. 4.2): 32 blocks of 256 channels whose residuals are scaled by
#: 0.1, the absolute error, Adam at 1e-4, batches of 16 patches that are 48 pixels wide, 300,000 iterations.
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
