"""The ways to super-resolve, by name; the first is what runs unless another is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..registry import Registry

if TYPE_CHECKING:
    from .method import Method

METHODS: Registry[Method] = Registry(
    "super-resolution method",
    {
        "smore": "methods.smore.method:Smore",
        "instant": "methods.instant.method:Instant",
        "edssr": "methods.smore.edssr:Edssr",
        "zssr": "methods.zssr.method:Zssr",
        "tscn": "methods.tscn.method:Tscn",
        "tikhonov": "methods.tikhonov:Tikhonov",
        "bspline": "methods.bspline:BSpline",
    },
)
