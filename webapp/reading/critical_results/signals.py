"""Signals of critical results."""

from django.dispatch import Signal

#: Nobody read a critical result back in time (`critical`, a CriticalResult, and `target_minutes`). Sent once, within
#: the transaction that writes it down, so that whatever follows from it is kept or undone with it.
critical_overdue = Signal()
