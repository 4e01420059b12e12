"""The brain: cerebrum with a folded cortex, ventricles, deep nuclei, cerebellum with folia, brain stem, vessels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .canvas import BLOOD, DEEP_GREY, FLUID, GREY, PALLIDUM, WHITE, Canvas
from .fields import Field, ellipsoid, looked_up, random_field, sheet, tube, union


@dataclass(frozen=True)
class Brain:
    """The shapes of the brain's parts without folds, as signed distances in mm (positive inside).

    Attributes:
        cerebrum, cerebellum, stem: the parts.
        cavity: the space around them all, which is filled with fluid.
    """

    cerebrum: Field
    cerebellum: Field
    stem: Field
    cavity: Field

    @classmethod
    def within(cls, canvas: Canvas) -> Brain:
        """The shapes on the voxels of a canvas."""
        at, mirrored = canvas.at, canvas.mirrored
        upper = ellipsoid(at, (0, -14, 21), (66, 83, 57))
        floor = at[2] + 16 + 0.03 * at[1]
        upper = -union(-upper, -floor, 6)
        temporal = ellipsoid(mirrored, (42, -10, -18), (22, 42, 23))
        cerebrum = union(upper, temporal, 6) + 0.5 * canvas.slow
        cerebellum = union(
            ellipsoid(mirrored, (25, -60, -37), (27, 28, 21)), ellipsoid(at, (0, -62, -34), (14, 25, 20)), 4
        )
        stem = tube(at, [(0, -18, -2, 12), (0, -26, -24, 10), (0, -36, -48, 8), (0, -44, -76, 6), (0, -48, -140, 5)])
        stem = union(stem, ellipsoid(at, (0, -19, -27), (17, 12, 13)), 4)
        cavity = union(union(cerebrum + 2, cerebellum + 2, 8), stem + 4, 10)
        return cls(cerebrum, cerebellum, stem, cavity)

    def paint(self, canvas: Canvas) -> None:
        """Paint the whole brain into its cavity, which must have been filled with fluid before."""
        _paint_cerebellum(canvas, self.cerebellum)
        canvas.paint(self.stem + 1.5, FLUID)
        canvas.paint(self.stem, 0.95 * WHITE + 3 * canvas.curly[0], 2)
        pia = _pia(canvas, self.cerebrum)
        _paint_cerebrum(canvas, pia)
        _paint_centre(canvas)
        _paint_vessels(canvas, pia, self.cavity)


def _pia(canvas: Canvas, hull: Field) -> Field:
    """Signed distance to the folded surface of the cerebrum: its hull with fissures and sulci cut in."""
    x, y, z = canvas.mirrored
    midline = canvas.at[0] + 1.4 * canvas.slow
    core = ellipsoid(canvas.at, (0, -16, 6), (34, 40, 22))
    surface = np.minimum(hull, np.hypot(midline, np.maximum(core, 0)) - 0.7)
    sylvian = z + 5 + 0.35 * y + 1.5 * canvas.curly[0]
    surface = np.minimum(surface, -sheet(sylvian, np.maximum(35 - x, -46 - y), 1.8))
    major, minor = _sulci(canvas, surface, 24, 0.2), _sulci(canvas, surface, 16, 0.3)
    deep = np.clip(17 + 4 * canvas.slow, 6, 24)
    pia = np.minimum(surface, -sheet(major, surface - deep, 1.2))
    pia = np.minimum(pia, -sheet(minor, surface - deep / 2.5, 0.8))
    insula = np.maximum(np.abs(z - 4 + 0.2 * y) - 12, np.abs(y + 4) - 22)
    return np.minimum(pia, -sheet(x - 36 - 1.2 * canvas.curly[1], insula, 1.6))


def _sulci(canvas: Canvas, surface: Field, wavelength: float, bandwidth: float) -> Field:
    """Distance to the middle of the nearest sulcus: the zero level of a random field that varies little with depth."""
    step = 3.0
    field = random_field((64, 64, 64), wavelength / step, bandwidth, canvas.random)
    near = np.nonzero((surface > -3) & (surface < 30))
    at = np.stack([axis.ravel()[index] for axis, index in zip(canvas.at, near, strict=True)])
    warp = 1.2 * np.stack([canvas.curly[0][near], canvas.slow[near], canvas.curly[1][near]])
    values = np.full(surface.shape, wavelength, np.float32)
    points, reach = _on_the_surface(at)
    values[near] = looked_up(field, step, points + warp)
    slope = np.sqrt(sum(g**2 for g in np.gradient(values, canvas.spacing)))
    height = np.abs(values) / (slope + np.float32(0.3 / wavelength))
    height[near] += np.maximum(12 - reach, 0)  # none close to the middle of a lobe
    return np.asarray(height, dtype=np.float32)


def _on_the_surface(at: Field) -> tuple[Field, Field]:
    """Move points away from the middle line of their lobe, part of the way to the surface.

    Returns:
        The points, shape (3, points), and how far each was from the middle line, shape (points,).
    """
    x, y, z = np.abs(at[0]), at[1], at[2]
    temporal = np.clip((-2 - 0.3 * y - z) / 30 + 0.5, 0, 1) * np.clip((x - 12) / 20, 0, 1)
    middle = np.stack([27 + 15 * temporal, np.clip(y, -52, 30), 17 - 34 * temporal])
    outward = np.stack([x, y, z]) - middle
    reach = np.linalg.norm(outward, axis=0)
    moved = middle + outward / np.maximum(reach, 1) * (20 + reach / 2)
    moved[0] += np.where(at[0] < 0, 96, 0)  # the left side takes another part of the random field
    return moved.astype(np.float32), reach.astype(np.float32)


def _paint_cerebrum(canvas: Canvas, pia: Field) -> None:
    """Grey matter, lighter with depth, over white matter."""
    canvas.paint(pia, GREY - 5 + 3.5 * np.clip(pia, 0, 3), 1.2)
    canvas.paint(pia - 2.8 - 0.3 * canvas.slow, WHITE, 1.5)


def _paint_centre(canvas: Canvas) -> None:
    """Deep grey nuclei in white matter, ventricles over them."""
    at, mirrored = canvas.at, canvas.mirrored
    wobble = 0.5 * canvas.curly[1]
    canvas.paint(ellipsoid(at, (0, -16, 6), (32, 40, 23)), WHITE, 3)
    canvas.paint(ellipsoid(at, (0, -12, -6), (11, 20, 13)), 0.8 * WHITE, 3)
    canvas.paint(ellipsoid(at, (0, -6, 7), (3, 24, 15)) + wobble, GREY - 5, 1.5)
    lentiform = ellipsoid(mirrored, (25, -1, 2), (7, 17, 12)) + wobble
    canvas.paint(lentiform, DEEP_GREY - 3, 1.5)
    canvas.paint(np.minimum(lentiform, 22 - mirrored[0]), PALLIDUM, 1.5)
    canvas.paint(sheet(mirrored[0] - 31 - wobble, np.hypot(mirrored[1] + 2, mirrored[2] - 4) - 15, 1.2), GREY)
    canvas.paint(ellipsoid(mirrored, (11, -19, 7), (9, 15, 9)) + wobble, DEEP_GREY, 2)
    caudate = [(12, 20, 4, 6), (14, 10, 14, 6), (18, -8, 20, 3.5), (23, -28, 20, 2.5), (28, -36, 8, 2)]
    canvas.paint(tube(mirrored, caudate) + wobble, DEEP_GREY - 2, 1.5)
    canvas.paint(tube(mirrored, [(23, -8, -20, 4.5), (29, -22, -15, 4), (27, -36, -4, 3)]) + wobble, GREY, 1.5)
    lateral = [(8, 28, 8, 2), (9, 16, 17, 5), (11, -8, 21, 5.5), (17, -30, 19, 6), (25, -42, 8, 6.5)]
    horns = [(25, -42, 8, 6.5), (22, -64, 6, 2), (25, -42, 8, 6.5), (33, -30, -9, 2.5), (30, -8, -19, 2)]
    canvas.paint(np.maximum(tube(mirrored, lateral), tube(mirrored, horns)) + wobble, FLUID)
    canvas.paint(ellipsoid(at, (0, 8, 15), (1.2, 18, 9)), WHITE)
    canvas.paint(ellipsoid(at, (0, -12, -1), (1.8, 13, 8)), FLUID)
    canvas.paint(tube(at, [(0, -29, -4, 1.2), (0, -42, -24, 1.2), (0, -44, -32, 5), (0, -46, -44, 1)]), FLUID)


def _paint_cerebellum(canvas: Canvas, hull: Field) -> None:
    """The cerebellum with its folia.

    Sheets of fluid fan out from the fourth ventricle: deep ones between lobules, shallow ones within them.
    """
    x, y, z = canvas.mirrored
    forward, up = -(y + 46) + 0.015 * x**2, z + 34 + 0.12 * x
    radius = np.hypot(forward, up) + 1e-3
    arc = np.arctan2(up, forward) * 28 + 1.6 * canvas.curly[0] + 1.2 * canvas.slow
    pia = hull
    for wavelength, deepest, width in ((11.0, 15.0, 0.9), (3.7, 6.0, 0.5)):
        height = np.abs(np.sin(np.pi * arc / wavelength)) * (wavelength / np.pi) * np.minimum(radius / 28, 1.2)
        pia = np.minimum(pia, -sheet(height, np.maximum(hull - deepest - canvas.curly[1], 9 - radius), width))
    canvas.paint(pia, GREY)
    canvas.paint(pia - 1.15, WHITE)
    canvas.paint(ellipsoid(canvas.mirrored, (16, -56, -38), (9, 5, 5)), DEEP_GREY + 8, 2)


def _paint_vessels(canvas: Canvas, pia: Field, cavity: Field) -> None:
    """Vessels where two random fields are both zero, bright on cortex and dark in white matter; the sagittal sinus."""
    a, b = canvas.curly
    away = np.hypot(a, b) * np.float32(14 / (2 * np.pi))
    canvas.paint(np.minimum(np.minimum(0.55 - away, 1.5 - np.abs(pia)), 2 * canvas.slow), BLOOD)
    canvas.paint(np.minimum(0.4 - away, pia - 5), 0.6 * WHITE)
    x, y, z = canvas.at
    radius = np.clip(2.2 - y / 80, 1, 3)
    canvas.paint(np.minimum(radius - np.hypot(x, cavity - radius / 2), z - 5), BLOOD)
