"""SOUP-GAN: one network for every ratio, tuned by what looks right (Zhang et al. 2021, arXiv 2106.02599)."""
