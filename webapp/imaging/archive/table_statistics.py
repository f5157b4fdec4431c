"""What the database knows of its own tables when it chooses how to search them."""

from django.db import connection


def refresh_statistics() -> None:
    """Let SQLite look at a sample of its tables; PostgreSQL does so by itself.

    Without it, SQLite walks a site's whole list of studies to find one by its number.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA analysis_limit = 1000")  # rows of each index: some milliseconds, however large it is
            cursor.execute("ANALYZE")
