"""What people see: the pages, their words and their drawings."""
