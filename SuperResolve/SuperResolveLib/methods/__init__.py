"""Ways to super-resolve, each a file or folder."""
