r"""The forward model of the through-plane acquisition, its adjoint and its inverses.

The *acquisition matrix* A has a row for each slice and a column for each output plane. Row k holds the slice profile,
sampled on the output planes around the centre of slice k and scaled to sum to 1. Along the through-plane axis, a volume
x is degraded to slices :math:`y = A x`; the adjoint is :math:`A^T y`. A is exact for any separation ratio and phase
(where slice centres lie between planes).

If the ratio s is an integer and slice n lies on plane s n, A is a convolution with the profile followed by keeping
every s-th plane, as in Han et al., IPMI 2021, Sec. 3.1. Only the rows of slices whose profile reaches beyond the
outermost planes differ: they are cut off there and scaled to sum to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.linalg import LinAlgError

from ..errors import InputError
from .banded import blocks, gram, solve
from .kernels import cubic_kernel
from .profile import SliceProfile

if TYPE_CHECKING:
    import torch

FloatArray = NDArray[np.floating]
#: Eigenvalues below this fraction of the largest count as zero.
SINGULAR = 1e-12
Array = TypeVar("Array", NDArray[np.float32], NDArray[np.float64], "torch.Tensor")


def acquisition_matrix(
    profile: SliceProfile, slice_centres: ArrayLike, planes: ArrayLike, spacing: float
) -> FloatArray:
    """The matrix A of a slice profile.

    Args:
        profile: the slice profile.
        slice_centres: positions of the slices along the through-plane axis in mm, shape (slices,).
        planes: positions of the output planes on the same axis in mm, shape (planes,), evenly spaced.
        spacing: distance between output planes in mm.

    Returns:
        Shape (slices, planes), each row summing to 1.

    Raises:
        InputError: a slice lies so far outside the planes that its profile touches none of them.
    """
    return _with_unit_rows(profile.sampled(_offsets(slice_centres, planes), spacing))


def selection_matrix(slice_centres: ArrayLike, planes: ArrayLike, spacing: float) -> FloatArray:
    """The matrix A without blur: each slice is the plane at its centre.

    It belongs to methods that change the slice spacing but not the slice thickness. The row of a slice that lies on a
    plane selects this plane; between planes the slice is interpolated by cubic convolution.
    Arguments, result and errors as in :func:`acquisition_matrix`.
    """
    weights = cubic_kernel(_offsets(slice_centres, planes) / spacing)
    weights[np.abs(weights) < 1e-12] = 0.0
    return _with_unit_rows(weights)


def _offsets(slice_centres: ArrayLike, planes: ArrayLike) -> FloatArray:
    """Position of each plane relative to each slice centre in mm, shape (slices, planes)."""
    return np.asarray(planes, dtype=np.float64)[None, :] - np.asarray(slice_centres, dtype=np.float64)[:, None]


def _with_unit_rows(matrix: FloatArray) -> FloatArray:
    """The matrix with each row scaled to sum to 1.

    Raises:
        InputError: the sum of a row is about zero.
    """
    mass = matrix.sum(axis=1, keepdims=True)
    if mass.min() < 1e-6:
        raise InputError(
            f"slice {int(np.argmin(mass))} lies outside the output planes: choose planes that cover the scan"
        )
    return matrix / mass


def along(matrix: ArrayLike, volume: Array, axis: int) -> Array:
    """Multiply a matrix along one axis of a numpy array or a torch tensor, in the precision of the latter."""
    if isinstance(volume, np.ndarray):
        return _along_numpy(np.asarray(matrix, dtype=volume.dtype), volume, axis)
    import torch

    weights_on_device = torch.as_tensor(matrix, dtype=volume.dtype, device=volume.device)
    return torch.movedim(torch.tensordot(weights_on_device, volume, dims=([1], [axis])), 0, axis)


def _along_numpy(weights: NDArray[Any], volume: NDArray[Any], axis: int) -> NDArray[Any]:
    """:func:`along` for a numpy array, of which no copy is made; what is zero in a banded matrix is left out."""
    image = np.ascontiguousarray(volume)
    shape = [*image.shape]
    shape[axis] = len(weights)
    result = np.zeros(shape, image.dtype)
    after = int(np.prod(shape[axis + 1 :]))
    lines = image.reshape(-1, image.shape[axis], after)
    answer = result.reshape(-1, len(weights), after)
    for rows, columns in blocks(weights):
        if after == 1:  # the axis is the last one
            answer[:, rows, 0] = lines[:, columns, 0] @ weights[rows, columns].T
        else:
            np.matmul(weights[rows, columns], lines[:, columns], out=answer[:, rows])
    return result


def degrade(matrix: FloatArray, volume: Array, axis: int) -> Array:
    """A x along the through-plane axis: the volume blurred with the profile and sampled at the slice centres."""
    return along(matrix, volume, axis)


def adjoint(matrix: FloatArray, slices: Array, axis: int) -> Array:
    """Aᵀ y along the through-plane axis."""
    return along(matrix.T, slices, axis)


def data_consistency(matrix: FloatArray, volume: Array, slices: Array, axis: int, damping: float = 0.0) -> Array:
    r"""The volume nearest to ``volume`` that degrades to ``slices`` to within their noise.

    It is :math:`x + A^T (A A^T + \lambda I)^{-1} (y - A x)` for a volume x and slices y. ``damping`` is
    :math:`\lambda`, the variance of the scan's noise divided by the variance of the volume's error; with 0 the slices
    are reproduced exactly, as far as A allows.
    """
    return volume + along(consistency_correction(matrix, damping), slices - along(matrix, volume, axis), axis)


def consistency_correction(matrix: FloatArray, damping: float) -> FloatArray:
    r"""The matrix :math:`A^T (A A^T + \lambda I)^{-1}`, which turns a residual into a correction of the volume.

    Where slices overlap so much that :math:`A A^T` is singular and there is no damping, its pseudo-inverse is taken.
    The result has shape (planes, slices).
    """
    system = gram(matrix) + damping * sparse.eye_array(len(matrix))
    if damping > SINGULAR * system.diagonal().max():
        return along(matrix.T, solve(system.tocsr(), np.eye(len(matrix))), 0)
    return np.asarray(matrix.T @ np.linalg.pinv(system.toarray(), rcond=SINGULAR, hermitian=True))


def regularised_inverse(matrix: FloatArray, damping: float) -> FloatArray:
    r"""Tikhonov's inverse of A, :math:`(A^T A + \lambda D^T D)^{-1} A^T` with D the matrix of first differences.

    ``damping`` is :math:`\lambda`; the result has shape (planes, slices).
    """
    count = matrix.shape[1]
    roughness = sparse.diags_array([-1.0, 1.0], offsets=[0, 1], shape=(count - 1, count))
    system = sparse.csr_array(gram(matrix.T) + damping * (roughness.T @ roughness))
    try:
        return solve(system, np.asarray(matrix.T, dtype=np.float64))
    except LinAlgError:  # hardly any damping, and planes that no slice sees
        return np.linalg.solve(system.toarray(), matrix.T)


@dataclass(frozen=True, eq=False)
class AcquisitionOperator:
    """The acquisition matrix A applied along one axis of a volume.

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
        """Aᵀ y: the slices spread back over the planes."""
        return adjoint(self.matrix, slices, self.axis)

    def consistent(self, volume: Array, slices: Array, damping: float = 0.0) -> Array:
        """The volume made consistent with the slices; see :func:`data_consistency`."""
        return data_consistency(self.matrix, volume, slices, self.axis, damping)

    def regularised_inverse(self, slices: Array, damping: float) -> Array:
        """The planes that Tikhonov's inverse gives for the slices; see :func:`regularised_inverse`."""
        return along(regularised_inverse(self.matrix, damping), slices, self.axis)

    @property
    def row_energy(self) -> float:
        """Mean over slices of the sum of squared weights: the factor by which A reduces the variance of white noise."""
        return float(np.mean(np.sum(self.matrix**2, axis=1)))
