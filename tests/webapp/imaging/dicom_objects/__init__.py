"""The DICOM objects that runs become."""
