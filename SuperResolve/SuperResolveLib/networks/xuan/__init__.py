"""The three networks that synthesise slices between slices (Xuan et al. 2020, arXiv 2003.12627)."""
