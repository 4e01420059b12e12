"""How networks learn: one loop, the steps that it runs, the patches and random streams that feed them."""
