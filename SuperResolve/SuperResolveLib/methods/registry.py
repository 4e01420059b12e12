"""The ways to super-resolve, by name; *auto* stands for one that ships, where its model has learned such scans, and for
the first elsewhere (:mod:`~SuperResolveLib.workflows.choice`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..registry import AUTO, Registry

if TYPE_CHECKING:
    from .method import Method, MethodInfo

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


def automatic() -> MethodInfo:
    """What the choice *auto* declares: whatever one of the methods can do or needs for which it may stand."""
    from .method import MethodInfo

    infos = [METHODS[name].info for name in METHODS]
    shipping, first = [info for info in infos if info.ships], infos[0]
    return MethodInfo(
        name=AUTO,
        title="Automatic",
        summary=f"Takes {' or '.join(info.name for info in shipping)} for scans such as it has learned, and says so; "
        f"for others {first.name}.",
        learns_from=first.learns_from,
        needs_torch=any(info.runs_on_torch(None) for info in (*shipping, first)),
        tells_uncertainty=any(info.tells_uncertainty for info in (*shipping, first)),
        combines=any(info.combines for info in (*shipping, first)),
        operator=first.operator,
    )
