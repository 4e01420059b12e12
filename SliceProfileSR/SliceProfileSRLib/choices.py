"""What can be chosen in the panel beside the methods, by the names of the CLI modules' XML, in words for the user."""

from __future__ import annotations

from enum import Enum

from slicer.i18n import tr as _


class ProfileSource(Enum):
    """Where the slice profile comes from."""

    ESTIMATED = "estimated"
    GAUSSIAN = "gaussian"
    RECT = "rect"
    TABLE = "table"

    def label(self) -> str:
        return {
            ProfileSource.ESTIMATED: _("estimated from the scan"),
            ProfileSource.GAUSSIAN: _("Gaussian of a given width"),
            ProfileSource.RECT: _("box (rect) of a given width"),
            ProfileSource.TABLE: _("an existing table"),
        }[self]


class Prior(Enum):
    """What is taken for probable before a profile is estimated."""

    SCANNER = "scanner"
    BROAD = "broad"

    def label(self) -> str:
        return {
            Prior.SCANNER: _("profiles of real scanners"),
            Prior.BROAD: _("almost any profile"),
        }[self]


class Device(Enum):
    """Where PyTorch computes."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    MPS = "mps"

    def label(self) -> str:
        return {
            Device.AUTO: _("graphics card if there is one"),
            Device.CPU: _("processor"),
            Device.CUDA: _("graphics card (CUDA)"),
            Device.MPS: _("graphics card of a Mac (untested)"),
        }[self]


class Axis(Enum):
    """The through-plane axis."""

    AUTO = "auto"
    I = "i"  # noqa: E741 - the axis' name
    J = "j"
    K = "k"

    def label(self) -> str:
        return _("the one with the largest spacing") if self is Axis.AUTO else self.value
