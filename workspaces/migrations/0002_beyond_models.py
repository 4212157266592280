"""What models cannot say: an append-only history, byte order for keyset pages, the trigram index, ids of custom
roles.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

APPEND_ONLY = ("workspaces_act", "workspaces_entry")
# Compared and paged by bytes, so that a prefix is a range; SQLite compares so anyway.
BYTE_ORDERED = (
    ("workspaces_directory", "sort_name", 254),
    ("workspaces_directory", "address", 254),
    ("workspaces_group", "sort_name", 254),
    ("workspaces_workspace", "sort_name", 254),
)


def forwards(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        _postgresql(editor)
    else:
        _sqlite(editor)


def _postgresql(editor: BaseDatabaseSchemaEditor) -> None:
    for table, column, length in BYTE_ORDERED:
        editor.execute(f'ALTER TABLE {table} ALTER COLUMN {column} TYPE varchar({length}) COLLATE "C"')
    editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    editor.execute("CREATE INDEX directory_search ON workspaces_directory USING gin (search_text gin_trgm_ops)")
    editor.execute("ALTER SEQUENCE workspaces_role_id_seq RESTART WITH 1000")
    editor.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'the history is append-only'; END $$
        """
    )
    for table in APPEND_ONLY:
        editor.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )


def _sqlite(editor: BaseDatabaseSchemaEditor) -> None:
    # SQLite keeps a row for the table already, since Django made it anew while migrating; of two it would take the first.
    editor.execute("DELETE FROM sqlite_sequence WHERE name = 'workspaces_role'")
    editor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('workspaces_role', 999)")
    for table in APPEND_ONLY:
        for act in ("UPDATE", "DELETE"):
            editor.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END"
            )


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0001_initial")]
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
