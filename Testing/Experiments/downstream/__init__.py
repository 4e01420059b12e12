"""What becomes of tissue volumes that a network measures in a scan, interpolated or super-resolved."""
