"""Out-of-distribution gate: how far a picture lies from everything that a classifier was trained on."""
