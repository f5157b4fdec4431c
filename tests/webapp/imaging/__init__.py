"""Archive, inference, annotations, DICOM objects."""
