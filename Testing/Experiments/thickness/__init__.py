"""How close estimated slice thicknesses come to true ones: by ratio, kind of profile, prior and header."""
