"""Reading DICOM: series of slices, and enhanced files."""
