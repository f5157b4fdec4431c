"""Training: ``python -m ml.lab.train CONFIG`` trains one network, or goes on where it was stopped."""
