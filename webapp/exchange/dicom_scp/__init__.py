"""What others send by themselves: over the DICOM network, and into a watched folder."""
