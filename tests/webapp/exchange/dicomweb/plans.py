"""How a database would answer a query."""

from django.db import connection


def plan_of(query: str) -> list[str]:
    """Return the steps of a query's plan. PostgreSQL walks few rows gladly: here it must do without where it can."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {query}")
            return [step.strip() for (step,) in cursor.fetchall()]
        cursor.execute(f"EXPLAIN QUERY PLAN {query}")
        return [step for *_, step in cursor.fetchall()]


def walks(plan: list[str]) -> list[str]:
    """Return the steps that go through all studies, series, objects or patients, or through all of a site."""
    return [
        step
        for step in plan
        if "SCAN archive_" in step or "Seq Scan on archive_" in step or step.endswith("(site_id=?)")
    ]
