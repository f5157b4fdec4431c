"""The results of a run as DICOM objects of the same study: segmentation, structured report, secondary captures."""
