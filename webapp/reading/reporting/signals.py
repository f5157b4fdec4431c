"""Signals of reports."""

from django.dispatch import Signal

#: A report was signed (`report`). Sent within the transaction that signs it.
report_signed = Signal()
