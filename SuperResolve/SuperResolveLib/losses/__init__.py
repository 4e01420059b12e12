"""Losses, each a small pure function of tensors: they import torch and nothing of ours."""
