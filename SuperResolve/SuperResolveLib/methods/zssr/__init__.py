"""ZSSR: a small network learns from the scan alone (Shocher et al., CVPR 2018)."""
