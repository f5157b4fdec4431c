"""The cascade as data: pathway files, the labels they use, and the checks they pass when they load."""
