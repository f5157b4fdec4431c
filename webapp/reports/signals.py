"""What others may hear of reports."""

from django.dispatch import Signal

#: A report was signed (`report`). Sent within the transaction that signs it.
report_signed = Signal()

#: A signed report was filed into its study as DICOM objects (`report`). Sent like the one above.
report_filed = Signal()
