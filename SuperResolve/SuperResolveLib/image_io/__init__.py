"""Files and DICOM, in and out; whole files or none."""
