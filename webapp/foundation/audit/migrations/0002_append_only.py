"""The database itself refuses to change or drop an audit event: no code of ours has to remember it."""

from typing import ClassVar

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TABLE = "audit_auditevent"
REFUSAL = "The audit log is append-only."
REFUSED = ("UPDATE", "DELETE")

SQLITE = [
    f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON {TABLE} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    for verb in REFUSED
]
POSTGRESQL = [
    (
        "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    ),
    f"CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
    # TRUNCATE fires no row trigger and would empty the table at one stroke.
    f"CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON {TABLE} FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
]
UNDO = {
    "sqlite": [f"DROP TRIGGER audit_no_{verb.lower()}" for verb in REFUSED],
    "postgresql": [
        f"DROP TRIGGER audit_no_truncate ON {TABLE}",
        f"DROP TRIGGER audit_append_only ON {TABLE}",
        "DROP FUNCTION audit_refuse()",
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
    dependencies: ClassVar = [("audit", "0001_initial")]
    operations: ClassVar = [migrations.RunPython(guard, unguard)]
