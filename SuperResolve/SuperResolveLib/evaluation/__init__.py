"""Simulation, quality measures, a phantom, and the published experiments (``python -m SuperResolveLib.evaluation``)."""
