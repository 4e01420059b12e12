"""Networks that learn from thin volumes what thick slices hide."""
