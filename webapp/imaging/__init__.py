"""Images and what networks and people find in them: archive, inference, annotations, DICOM objects."""
