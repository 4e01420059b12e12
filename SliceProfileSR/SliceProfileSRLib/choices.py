"""What can be chosen in the panel, by the names that the CLI modules' XML gives it, in words for the user."""

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


class EstimationMethod(Enum):
    """Ways to estimate a profile."""

    AUTO = "auto"
    ESPRESO = "espreso"

    def label(self) -> str:
        return {
            EstimationMethod.AUTO: _("Automatic (power spectrum)"),
            EstimationMethod.ESPRESO: _("ESPRESO (matched patches)"),
        }[self]

    def description(self) -> str:
        return {
            EstimationMethod.AUTO: _(
                "Compares how fine the detail of the scan is in plane and through plane, and finds the profile that "
                "explains the difference. Needs nothing besides Slicer; takes seconds."
            ),
            EstimationMethod.ESPRESO: _(
                "Finds the profile with which patches look alike in plane and through plane (Han et al., 2021)."
            ),
        }[self]


class EstimationPreset(Enum):
    """How ESPRESO matches patches."""

    DEFAULT = "default"
    PAPER = "paper"

    def label(self) -> str:
        return {
            EstimationPreset.DEFAULT: _("standard (seconds)"),
            EstimationPreset.PAPER: _("adversarial, as published"),
        }[self]

    def description(self) -> str:
        return {
            EstimationPreset.DEFAULT: _(
                "Solves for it among bells and boxes. Needs nothing besides Slicer; takes a few seconds."
            ),
            EstimationPreset.PAPER: _(
                "Trains a generative adversarial network, as published. Needs PyTorch; takes more than an hour on "
                "a processor core, so use a graphics card where there is one."
            ),
        }[self]


class SuperResolutionMethod(Enum):
    """Ways to super-resolve."""

    SMORE = "smore"
    TIKHONOV = "tikhonov"
    BSPLINE = "bspline"

    def label(self) -> str:
        return {
            SuperResolutionMethod.SMORE: _("SMORE (learned from the scan)"),
            SuperResolutionMethod.TIKHONOV: _("Tikhonov (regularised inverse)"),
            SuperResolutionMethod.BSPLINE: _("B-spline (interpolation)"),
        }[self]

    def description(self) -> str:
        return {
            SuperResolutionMethod.SMORE: _(
                "A network learns from the scan's own slices to undo the slice profile (Zhao et al., 2020). "
                "Needs PyTorch."
            ),
            SuperResolutionMethod.TIKHONOV: _(
                "Inverts the acquisition by regularised least squares. Needs nothing besides Slicer; takes seconds."
            ),
            SuperResolutionMethod.BSPLINE: _(
                "Interpolates between the slices and does not undo the profile: to compare with. "
                "Needs nothing besides Slicer; takes seconds."
            ),
        }[self]


class SuperResolutionPreset(Enum):
    """How long SMORE learns."""

    FAST = "fast"
    BALANCED = "balanced"
    PAPER = "paper"

    def label(self) -> str:
        return {
            SuperResolutionPreset.FAST: _("fast"),
            SuperResolutionPreset.BALANCED: _("balanced"),
            SuperResolutionPreset.PAPER: _("as published"),
        }[self]

    def description(self) -> str:
        return {
            SuperResolutionPreset.FAST: _("Takes about 6 minutes on a processor core for 48 slices of 256 × 256."),
            SuperResolutionPreset.BALANCED: _(
                "A larger network that learns for longer: many times as long, so better on a graphics card."
            ),
            SuperResolutionPreset.PAPER: _(
                "The published network and training: days on a processor, so use it on a graphics card only."
            ),
        }[self]


class Device(Enum):
    """Where PyTorch computes."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"

    def label(self) -> str:
        return {
            Device.AUTO: _("graphics card if there is one"),
            Device.CPU: _("processor"),
            Device.CUDA: _("graphics card (CUDA)"),
        }[self]


class Axis(Enum):
    """The through-plane axis."""

    AUTO = "auto"
    I = "i"  # noqa: E741 - the axis' name
    J = "j"
    K = "k"

    def label(self) -> str:
        return _("the one with the largest spacing") if self is Axis.AUTO else self.value
