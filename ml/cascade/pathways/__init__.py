"""The cascade as data: pathway files, their labels, and the checks when they are loaded."""
