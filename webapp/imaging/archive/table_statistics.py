"""The query planner's table statistics."""

from django.db import connection


def refresh_statistics() -> None:
    """Refresh SQLite's table statistics from a sample of its indexes; PostgreSQL's autovacuum refreshes its own.

    Without them, SQLite scans all studies of a site to find one by its accession number.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA analysis_limit = 1000")  # rows per index: some milliseconds, however large it is
            cursor.execute("ANALYZE")
