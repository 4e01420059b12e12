"""The panel's sections, each with what it shows and what its buttons do."""
