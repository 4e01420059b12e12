"""SOUP-GAN's figures, and what else is to be known of it: ``python Testing/Experiments soup``."""
