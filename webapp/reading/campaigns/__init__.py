"""Annotation campaigns: independent readers answer a question about many series; their consensus is a training set."""
