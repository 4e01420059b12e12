"""The methods that learn from a collection, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..registry import Registry

if TYPE_CHECKING:
    from .trainable import Trainable

TRAINABLES: Registry[Trainable] = Registry(
    "method that learns from a collection",
    {
        "supervised": "methods.supervised.method:Supervised",
        "xuan": "methods.xuan.method:Xuan",
        "soup": "methods.soup.method:Soup",
        "instant": "methods.instant.trainable:InstantAhead",
        "ct-guided": "methods.ct_guided.method:CTGuided",
    },
)
