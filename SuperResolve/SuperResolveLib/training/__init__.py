"""Learning: one loop, the updates it runs, and the patches they learn from."""
