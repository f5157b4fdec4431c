"""Follow-up: lesions of a patient over several studies, their sizes, and registrations of a prior to a follow-up."""
