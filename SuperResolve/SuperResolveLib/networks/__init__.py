"""Backbones shared by methods of super-resolution: images in, images of the same size out."""
