"""Synthetic anatomy: volumes with the edges, layers, vessels and spectra of MR scans, and nobody's anatomy in them."""
