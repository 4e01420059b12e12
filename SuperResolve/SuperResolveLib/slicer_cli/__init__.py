"""The work of Slicer's command line (CLI) modules, whose scripts and XML files lie beside the library."""
