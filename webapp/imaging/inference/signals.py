"""Signals about runs."""

from django.dispatch import Signal

#: A run has its result (`run`: its id). Sent within the transaction that stores it, so that receivers' work commits
#: with it.
run_finished = Signal()

#: No series of a study needs a run any more, so the study is presumably complete (`study`). Sent within the transaction
#: that finds this.
study_received = Signal()
