"""Training: ``python -m ml.train CONFIG`` trains one network, or goes on where it was stopped."""
