"""Patient, study, series, instance: what arrived and how it is stored."""
