"""What a scan is: a volume, its geometry, its in-plane resolution and its noise."""
