"""The profile that explains the scan's power spectrum, aliasing included."""
