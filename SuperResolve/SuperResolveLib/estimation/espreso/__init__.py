"""ESPRESO: in-plane and through-plane patches that cannot be told apart (Han et al., IPMI 2021)."""
