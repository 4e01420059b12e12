"""Sizes of the network that tells the variance of another's error, for what must know them without torch."""

from __future__ import annotations

CHANNELS = 24
#: What a network adds is small beside the image; in about the same range, both are seen alike.
GAIN = 10.0
#: How many pixels away it sees what the network was shown and adds.
RADIUS = 3
