"""The report: ``python -m ml.report`` writes ``docs/models/`` from the runs' files; no number is typed by hand."""
