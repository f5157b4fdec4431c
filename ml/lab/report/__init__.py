"""The report: ``python -m ml.lab.report`` writes ``docs/models/`` from the runs' files; no number is typed by hand."""
