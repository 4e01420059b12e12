"""Estimation of the slice profile from the scan's power spectrum."""
