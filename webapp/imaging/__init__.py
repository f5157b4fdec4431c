"""Images and what networks and people say on them: archive, inference, annotations, DICOM objects."""
