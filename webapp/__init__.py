"""People and records: accounts, studies, runs, audit and the pages that show them."""
