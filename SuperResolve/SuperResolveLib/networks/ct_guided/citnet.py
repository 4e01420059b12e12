"""CITNet: images of MR and of CT taken apart into what they show and how they look, and put together crosswise."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from .attribute_encoder import AttributeEncoder
from .content_encoder import ContentEncoder
from .image_generator import ImageGenerator


@dataclass(frozen=True)
class Domain:
    """What was made of the images of one domain.

    Attributes:
        images: (batch, 1, rows, columns), from -1 to 1.
        content, attributes: what they show, and how they look.
        again: the images made of both.
        sampled: attributes drawn for what is made in this domain of the other's images.
        translated: those, shape of the other's images.
        told: attributes that are found in them.
        returned: this domain's images after translation there and back.
        content_returned: what their translation shows.
    """

    images: torch.Tensor
    content: torch.Tensor
    attributes: torch.Tensor
    again: torch.Tensor
    sampled: torch.Tensor
    translated: torch.Tensor
    told: torch.Tensor
    returned: torch.Tensor
    content_returned: torch.Tensor


class CITNet(nn.Module):
    """Two content encoders, two attribute encoders and two generators, one of each for MR and for CT.

    Args:
        channels: of the first convolutions.
        blocks: residual blocks of each network.
        attributes: dimensions of the attribute vector.
        hidden: width of the generators' perceptron.
    """

    def __init__(self, channels: int = 64, blocks: int = 4, attributes: int = 8, hidden: int = 256) -> None:
        super().__init__()
        self.attributes = attributes
        self.content_of_mr, self.content_of_ct = (ContentEncoder(channels, blocks) for _ in range(2))
        self.attributes_of_mr, self.attributes_of_ct = (AttributeEncoder(channels, attributes) for _ in range(2))
        self.mr_from, self.ct_from = (ImageGenerator(channels, blocks, attributes, hidden) for _ in range(2))

    def forward(
        self, mr: torch.Tensor, ct: torch.Tensor, sampled_mr: torch.Tensor, sampled_ct: torch.Tensor
    ) -> tuple[Domain, Domain]:
        """What is made of images of MR and CT.

        Args:
            mr: x, shape (batch, 1, rows, columns), from -1 to 1; rows and columns are multiples of 4.
            ct: y, the same; it may have another size.
            sampled_mr: attributes drawn from N(0, 1) for the MR images made of the CT, shape (batch, attributes).
            sampled_ct: the same for the CT images made of the MR.
        """
        content, attributes = self.content_of_mr(mr), self.attributes_of_mr(mr)
        content_ct, attributes_ct = self.content_of_ct(ct), self.attributes_of_ct(ct)
        to_ct, to_mr = self.ct_from(content, sampled_ct), self.mr_from(content_ct, sampled_mr)
        content_again, content_ct_again = self.content_of_ct(to_ct), self.content_of_mr(to_mr)
        of_mr = Domain(
            mr,
            content,
            attributes,
            self.mr_from(content, attributes),
            sampled_mr,
            to_mr,
            self.attributes_of_mr(to_mr),
            self.mr_from(content_again, attributes),
            content_again,
        )
        of_ct = Domain(
            ct,
            content_ct,
            attributes_ct,
            self.ct_from(content_ct, attributes_ct),
            sampled_ct,
            to_ct,
            self.attributes_of_ct(to_ct),
            self.ct_from(content_ct_again, attributes_ct),
            content_ct_again,
        )
        return of_mr, of_ct

    def there_and_back(self, mr: torch.Tensor, sampled_ct: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """MR images as CT, and back from that with their own attributes; shapes as of :meth:`forward`."""
        to_ct = self.ct_from(self.content_of_mr(mr), sampled_ct)
        return to_ct, self.mr_from(self.content_of_ct(to_ct), self.attributes_of_mr(mr))
