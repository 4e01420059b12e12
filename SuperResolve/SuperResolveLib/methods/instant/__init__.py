"""One network for all scans, which learned ahead of time from synthetic anatomy."""
