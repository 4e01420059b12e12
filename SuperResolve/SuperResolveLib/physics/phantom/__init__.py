"""A procedural head phantom, computed from a random seed."""
