"""What models cannot say: an index on another app's table, by the domain of an address."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def forwards(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    position = "strpos" if editor.connection.vendor == "postgresql" else "instr"
    editor.execute(
        f"CREATE INDEX emailaddress_domain ON account_emailaddress (substr(email, {position}(email, '@') + 1))"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("account", "0009_emailaddress_unique_primary_email"),
        ("invitations", "0001_initial"),
        ("workspaces", "0002_beyond_models"),
    ]
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
