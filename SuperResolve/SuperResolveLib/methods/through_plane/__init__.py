"""What methods share that see a scan as through-plane images, in two orientations."""
