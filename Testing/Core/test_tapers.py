"""Windows that fade data out: those of scipy.signal, which is slow to import."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import windows

from SuperResolveLib.data.tapers import slepian, tukey


@pytest.mark.parametrize("count", [1, 2, 3, 33, 192])
@pytest.mark.parametrize("fraction", [0.1, 0.3, 1.0])
def test_tukey_is_scipys(count, fraction):
    np.testing.assert_allclose(tukey(count, fraction), windows.tukey(count, fraction), atol=1e-14)


@pytest.mark.parametrize("count", [8, 9, 32, 151])
def test_slepian_sequences_are_scipys(count):
    ours, theirs = slepian(count, 2.5, 3), windows.dpss(count, 2.5, 3)
    np.testing.assert_allclose(ours * np.sign((ours * theirs).sum(axis=1))[:, None], theirs, atol=1e-12)
