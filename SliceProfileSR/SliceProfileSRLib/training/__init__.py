"""Training a model in a process of its own, which goes on when the scene, or Slicer, is closed."""
