"""The database itself refuses to change or drop what is signed: no code of ours has to remember it."""

from typing import ClassVar

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

REFUSAL = "What is signed is never changed."
REFUSED = ("UPDATE", "DELETE")
#: Table, and which of its rows are closed.
CLOSED = {"reporting_report": "OLD.state = 'signed'", "reporting_signature": "1 = 1"}

SQLITE = [
    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} WHEN {which} "
    f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    for table, which in CLOSED.items()
    for verb in REFUSED
]
POSTGRESQL = [
    (
        "CREATE FUNCTION reporting_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    ),
    *(
        f"CREATE TRIGGER {table}_signed BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW WHEN ({which}) "
        "EXECUTE FUNCTION reporting_refuse()"
        for table, which in CLOSED.items()
    ),
    # TRUNCATE fires no row trigger and would empty the table at one stroke.
    *(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT "
        "EXECUTE FUNCTION reporting_refuse()"
        for table in CLOSED
    ),
]
UNDO = {
    "sqlite": [f"DROP TRIGGER {table}_no_{verb.lower()}" for table in CLOSED for verb in REFUSED],
    "postgresql": [
        *(f"DROP TRIGGER {table}_{what} ON {table}" for table in CLOSED for what in ("no_truncate", "signed")),
        "DROP FUNCTION reporting_refuse()",
    ],
}


def guard(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:  # noqa: ARG001 - Django's signature
    """Install the triggers of this database."""
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[editor.connection.vendor]:
        editor.execute(statement)


def unguard(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:  # noqa: ARG001
    """Remove them."""
    for statement in UNDO[editor.connection.vendor]:
        editor.execute(statement)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("reporting", "0001_initial")]
    operations: ClassVar = [migrations.RunPython(guard, unguard)]
