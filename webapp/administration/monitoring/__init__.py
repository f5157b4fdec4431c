"""What runs and readers have shown since a model was evaluated: counts, scores, times and drift, never a patient."""
