"""Search: ``python -m ml.search FILE`` tries settings of a training and tells which did best."""
