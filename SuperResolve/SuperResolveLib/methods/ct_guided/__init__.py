"""CT-guided super-resolution: unpaired CT teaches an MR network (Wang et al., MICCAI 2023)."""
