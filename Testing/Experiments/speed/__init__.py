"""How long estimation and super-resolution take, stage by stage, in how much memory, and how much arithmetic that is.

Each cell runs in a process of its own, on a set number of threads, on a scan made for it.
"""
