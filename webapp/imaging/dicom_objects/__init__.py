"""What a run found, as DICOM objects of the same study: segmentation, structured report, pictures."""
