"""What a scan is: a volume, its geometry, the output grid, its in-plane resolution and its noise."""
