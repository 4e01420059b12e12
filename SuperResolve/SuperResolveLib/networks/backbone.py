"""What a backbone shared by methods is: images in, images of the same size out."""

from __future__ import annotations

from torch import nn


class Backbone(nn.Module):
    """A convolutional network without resampling.

    Attributes:
        blocks: the layers between the first and the last.
        receptive_radius: how many pixels away an output pixel sees.
    """

    blocks: nn.Module
    receptive_radius: int
