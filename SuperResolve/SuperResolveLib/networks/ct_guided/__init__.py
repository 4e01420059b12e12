"""The networks by which CT teaches an MR network (Wang et al., MICCAI 2023)."""
