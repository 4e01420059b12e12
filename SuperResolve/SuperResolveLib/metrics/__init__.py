"""How good a volume is: image quality, lesions, artefacts."""
