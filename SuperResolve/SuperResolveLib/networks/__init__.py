"""Neural networks, and nothing else: they import torch and nothing of ours."""
