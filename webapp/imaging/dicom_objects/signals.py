"""Signals about DICOM objects that Readroom created."""

from django.dispatch import Signal

#: Objects that Readroom created were stored in a study (`study`, and `instances`, a list of Instance). Sent within the
#: transaction that stores them, so that receivers' work commits or rolls back with it.
results_stored = Signal()
