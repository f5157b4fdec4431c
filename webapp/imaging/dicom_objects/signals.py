"""What others may hear of results."""

from django.dispatch import Signal

#: Objects that Readroom made were filed into a study (`study`, and `instances`, a list of Instance), all at once.
#: Sent within the transaction that files them, so that whatever follows from it is kept or undone with them.
results_stored = Signal()
