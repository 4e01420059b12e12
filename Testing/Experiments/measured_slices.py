"""Slices whose profile was measured on a scanner, at any thickness and distance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from SuperResolveLib.errors import InputError
from SuperResolveLib.image_io.profile_table import read_profile
from SuperResolveLib.physics.profile import SliceProfile

#: Slice thickness at which the profiles were measured, in mm.
NOMINAL = 5.0


def widened(table: Path, factor: float) -> SliceProfile:
    """The profile in a table, centred and so many times as wide, on taps of its own."""
    profile = read_profile(table).centred()
    return SliceProfile(profile.weights, profile.tap_spacing * factor)


@dataclass(frozen=True)
class MeasuredSlices:
    """Slices of a scanner; as text ``NAME@6``: with the profile of that name, 6 mm apart and adjoining, or
    ``NAME*0.6@4``: with that profile, 0.6 times as wide, 4 mm apart.

    Attributes:
        name: of the profile's table.
        spacing: of the slices in mm.
        scale: how many times as wide the profile is; ``None`` widens it so that slices adjoin.
    """

    name: str
    spacing: float
    scale: float | None = None

    @classmethod
    def parse(cls, text: str) -> MeasuredSlices:
        """The slices in a text.

        Raises:
            InputError: it is not of one of these forms.
        """
        named, _, spacing = text.rpartition("@")
        name, star, scale = named.partition("*")
        try:
            slices = cls(name, float(spacing), float(scale) if star else None)
        except ValueError:
            slices = cls("", 0.0)
        if not (slices.name and 0 < slices.spacing < math.inf and 0 < slices.factor < math.inf):
            raise InputError(
                f"{text!r} is no cell: give a measured profile and millimetres, such as Siemens@5 or Siemens*0.6@4"
            )
        return slices

    def __str__(self) -> str:
        scale = "" if self.scale is None else f"*{self.scale:g}"
        return f"{self.name}{scale}@{self.spacing:g}"

    @property
    def factor(self) -> float:
        """How many times as wide the profile is as it was measured."""
        return self.spacing / NOMINAL if self.scale is None else self.scale

    @property
    def nominal_mm(self) -> float:
        """The slice thickness that a header would tell."""
        return NOMINAL * self.factor

    def profile(self, folder: Path) -> SliceProfile:
        """The profile, from the folder of tables, on taps of its own."""
        return widened(folder / f"{self.name}.tsv", self.factor)
