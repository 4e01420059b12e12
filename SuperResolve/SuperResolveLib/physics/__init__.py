"""What the scanner did: slice profiles, the acquisition operator, simulated scans and phantoms."""
