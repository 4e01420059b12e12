r"""The forward model: what the scanner did through plane.

The *acquisition matrix* A has one row a slice and one column an output plane: row k is the slice profile laid over the
output planes around slice centre k, summing to 1. Degrading is :math:`y = A x` along the through-plane axis, its
adjoint :math:`A^T y`. A is small (slices x planes), and exact for any ratio and phase.

For an integer ratio s with slice n on plane s n this is convolution with the profile and every s-th voxel, as in Han
et al., IPMI 2021, Sec. 3.1; only rows that reach beyond the outermost planes are cut off there and scaled to sum to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from .profile import SliceProfile, cubic_kernel

if TYPE_CHECKING:
    import torch

FloatArray = NDArray[np.floating]
Array = TypeVar("Array", NDArray[np.float32], NDArray[np.float64], "torch.Tensor")


def acquisition_matrix(
    profile: SliceProfile, slice_centres: ArrayLike, planes: ArrayLike, spacing: float
) -> FloatArray:
    """The matrix A of a profile.

    Args:
        profile: the slice profile.
        slice_centres: where the slices lie along the through-plane axis, in mm, shape (slices,).
        planes: where the output planes lie on the same axis, in mm, shape (planes,), evenly spaced.
        spacing: distance between output planes in mm.

    Returns:
        Shape (slices, planes), each row summing to 1.

    Raises:
        InputError: a slice lies so far outside the planes that none of them touches it.
    """
    return _rows(profile.sampled(_offsets(slice_centres, planes), spacing))


def selection_matrix(slice_centres: ArrayLike, planes: ArrayLike, spacing: float) -> FloatArray:
    """The matrix A of a method that selects planes and does not blur: each slice is read off the planes at its centre.

    Where a slice lies on a plane, its row picks that plane; elsewhere it reads between planes by cubic convolution.
    Arguments, result and errors as in :func:`acquisition_matrix`.
    """
    weights = cubic_kernel(_offsets(slice_centres, planes) / spacing)
    weights[np.abs(weights) < 1e-12] = 0.0
    return _rows(weights)


def _offsets(slice_centres: ArrayLike, planes: ArrayLike) -> FloatArray:
    """Where each plane lies from each slice centre, in mm, shape (slices, planes)."""
    return np.asarray(planes, dtype=np.float64)[None, :] - np.asarray(slice_centres, dtype=np.float64)[:, None]


def _rows(matrix: FloatArray) -> FloatArray:
    """The matrix with each row scaled to sum to 1.

    Raises:
        InputError: a row has no mass to scale.
    """
    mass = matrix.sum(axis=1, keepdims=True)
    if mass.min() < 1e-6:
        raise InputError(
            f"slice {int(np.argmin(mass))} lies outside the output planes: choose planes that cover the scan"
        )
    return matrix / mass


def along(matrix: ArrayLike, volume: Array, axis: int) -> Array:
    """A matrix applied along one axis of a numpy array or a torch tensor, in the volume's own precision."""
    if isinstance(volume, np.ndarray):
        weights = np.asarray(matrix, dtype=volume.dtype)
        return np.moveaxis(np.tensordot(weights, volume, axes=(1, axis)), 0, axis)
    import torch

    weights_on_device = torch.as_tensor(matrix, dtype=volume.dtype, device=volume.device)
    return torch.movedim(torch.tensordot(weights_on_device, volume, dims=([1], [axis])), 0, axis)


def degrade(matrix: FloatArray, volume: Array, axis: int) -> Array:
    """A x along the through-plane axis: blur with the profile and sample at the slice centres."""
    return along(matrix, volume, axis)


def adjoint(matrix: FloatArray, slices: Array, axis: int) -> Array:
    """Aᵀ y along the through-plane axis."""
    return along(matrix.T, slices, axis)


def data_consistency(matrix: FloatArray, volume: Array, slices: Array, axis: int, damping: float = 0.0) -> Array:
    r"""The volume nearest to ``volume`` that degrades to ``slices``, to within their noise, in closed form.

    :math:`x + A^T (A A^T + \lambda I)^{-1} (y - A x)`, with :math:`\lambda` = ``damping`` the variance of the scan's
    noise over that of the volume's error: 0 reproduces the slices exactly, as far as any volume can.
    """
    gram = matrix @ matrix.T + damping * np.eye(len(matrix))
    correction = matrix.T @ np.linalg.pinv(gram, rcond=1e-12, hermitian=True)  # Aᵀ (A Aᵀ + λI)⁻¹
    return volume + along(correction, slices - along(matrix, volume, axis), axis)


def regularised_inverse(matrix: FloatArray, damping: float) -> FloatArray:
    r"""The matrix :math:`(A^T A + \lambda D^T D)^{-1} A^T` with D first differences: Tikhonov's inverse of A."""
    count = matrix.shape[1]
    roughness = np.diff(np.eye(count), axis=0)
    return np.linalg.solve(matrix.T @ matrix + damping * roughness.T @ roughness, matrix.T)


@dataclass(frozen=True, eq=False)
class AcquisitionOperator:
    """A along one axis of a volume.

    Attributes:
        matrix: the acquisition matrix, shape (slices, planes).
        axis: the through-plane axis: 0, 1 or 2.
    """

    matrix: FloatArray
    axis: int

    def degrade(self, volume: Array) -> Array:
        """A x: the slices of a volume."""
        return degrade(self.matrix, volume, self.axis)

    def adjoint(self, slices: Array) -> Array:
        """Aᵀ y: slices spread over the planes they came from."""
        return adjoint(self.matrix, slices, self.axis)

    def consistent(self, volume: Array, slices: Array, damping: float = 0.0) -> Array:
        """The volume after :func:`data_consistency` with the slices."""
        return data_consistency(self.matrix, volume, slices, self.axis, damping)

    def regularised_inverse(self, slices: Array, damping: float) -> Array:
        """The planes of Tikhonov's inverse, :func:`regularised_inverse`."""
        return along(regularised_inverse(self.matrix, damping), slices, self.axis)

    @property
    def row_energy(self) -> float:
        """The mean over slices of the sum of squared weights: how much of a plane's variance a slice keeps."""
        return float(np.mean(np.sum(self.matrix**2, axis=1)))
