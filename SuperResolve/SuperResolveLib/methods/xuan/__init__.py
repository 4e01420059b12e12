"""Xuan et al. (2020, arXiv 2003.12627): slices synthesised between thick ones teach a super-resolving network."""
