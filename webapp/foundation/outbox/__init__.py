"""Work that is done behind the pages: one table, one lease, one way to try again, one place to ask."""
