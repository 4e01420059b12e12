r"""Training pairs of windows of columns, and the closed-form data consistency of what a network answers on a window.

In use a whole column x becomes :math:`x + C (y - A x)` with :math:`C = A^T (A A^T + \lambda I)^{-1}`
(:func:`~SuperResolveLib.physics.acquisition.data_consistency`). In training the network answers on a window W alone;
beyond it the column is taken to be the start :math:`S y`, so that with the answer :math:`x_W`

.. math:: x_W + C_W (y - A S y - A_W (x_W - (S y)_W)).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ..physics.acquisition import along, consistency_correction
from ..physics.degraded_column import DegradedColumn
from .volume_pairs import VolumePairs


@dataclass(frozen=True)
class ColumnPairs(VolumePairs):
    """A batch of windows of columns, through-plane axis first; ``slices`` are those of the whole columns.

    Attributes:
        column: where the slices of every column lie.
        inverse: the matrix S that makes the start of the slices, shape (seen voxels, slices).
        window: which of the seen voxels are in the window, shape (batch, planes).
        damping: of Tikhonov's inverse: the variance of the noise over that of differences between neighbouring voxels.
    """

    column: DegradedColumn
    inverse: NDArray[np.floating]
    window: torch.Tensor
    damping: float

    @property
    def ratio(self) -> float:
        """Slice spacing in voxels."""
        return self.column.ratio

    def made_consistent(self, answer: torch.Tensor) -> torch.Tensor:
        """The answer on the windows, shape (batch, planes, rows, columns), made consistent with the slices.

        An answer's error is taken to be about as large as differences between neighbouring voxels are.
        """
        matrix = self.column.seen_matrix
        correction = self._in_windows(consistency_correction(matrix, self.damping))
        acquired = self._in_windows(matrix.T).transpose(1, 2)
        residual = along(np.eye(len(matrix)) - matrix @ self.inverse, self.slices, 1).flatten(2)
        with torch.autocast(answer.device.type, enabled=False):  # a residual is a small difference
            change = torch.bmm(acquired, (answer - self.start).flatten(2))
            return answer + torch.bmm(correction, residual - change).view_as(answer)

    def _in_windows(self, matrix: NDArray[np.floating]) -> torch.Tensor:
        """The rows of every window, shape (batch, planes, slices)."""
        return torch.as_tensor(matrix, dtype=self.start.dtype, device=self.start.device)[self.window]
