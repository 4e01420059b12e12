"""The experiments on CT-guided super-resolution."""
