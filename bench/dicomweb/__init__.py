"""DICOMweb beside Orthanc and nginx, in one run, on the same files: ``python -m bench.dicomweb``."""
