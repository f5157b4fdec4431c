"""DICOMweb: what clients ask for and what they get."""
