"""``cohort``: what the bookkeeping of ``batch`` costs a scan, in time and memory, and whether its table is exact."""
