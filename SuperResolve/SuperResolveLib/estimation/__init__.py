"""Ways to estimate a scan's relative slice profile, each a folder."""
