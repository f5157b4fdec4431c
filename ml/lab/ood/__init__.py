"""How far a picture lies from everything that a classifier was trained on, told by its trunk's features."""
