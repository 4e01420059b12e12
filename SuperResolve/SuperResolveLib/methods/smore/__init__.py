"""SMORE: a network learns from the scan's own slices (Zhao et al., IEEE TMI 2020)."""
