"""Search: ``python -m ml.lab.search FILE`` tries settings of a training and tells which did best."""
