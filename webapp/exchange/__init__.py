"""Other systems: DICOMweb, DICOM SCP and SCU, FHIR, webhooks, exports."""
