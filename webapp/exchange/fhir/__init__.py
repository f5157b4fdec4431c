"""FHIR R4 (4.0.1) as JSON, read only.

Studies are ImagingStudy, what the cascade said is DiagnosticReport and Observation.

A report of ours is preliminary and says that a machine made it: nothing here is a radiologist's word.
"""
