"""What others may hear of runs."""

from django.dispatch import Signal

#: A run has its answer (`run`: its id). Sent within the transaction that stores it, so that what is owed then is kept.
run_finished = Signal()
