"""TSCN: a network learns from the scan alone to give the slice between two others (Lu et al., MICCAI 2021)."""
