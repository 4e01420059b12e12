"""Measures of how good a result is: image quality, lesions, and artefacts that repeat with the slices."""
