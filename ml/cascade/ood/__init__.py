"""The out-of-distribution gate: how far an image is from everything that a classifier was trained on."""
