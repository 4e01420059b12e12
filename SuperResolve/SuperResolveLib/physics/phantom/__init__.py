"""A procedural head phantom."""
