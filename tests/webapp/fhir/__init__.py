"""FHIR."""
