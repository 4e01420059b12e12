"""Table 1 and Figs. 7 to 9 of Xuan et al. (2020, arXiv 2003.12627), at sizes for a processor."""
