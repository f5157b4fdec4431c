"""Receiving what other systems send: by DICOM C-STORE, and as files in a watched folder."""
