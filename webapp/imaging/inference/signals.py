"""What others may hear of runs."""

from django.dispatch import Signal

#: A run has its answer (`run`: its id). Sent within the transaction that stores it, so that what is owed then is kept.
run_finished = Signal()

#: Nothing more is owed for a study: it is whole, as far as anybody knows (`study`). Sent like the one above.
study_received = Signal()
