"""Make the tables append-only in the database itself, and put in the one head row."""

from django.db import migrations

from tocsin.ledger import guards


def put_in_head(apps, schema_editor):
    apps.get_model("ledger", "LedgerHead").objects.using(schema_editor.connection.alias).get_or_create(
        pk=1, defaults={"size": 0, "last": "0" * 64, "frontier": "[]"}
    )


def install(apps, schema_editor):
    guards.install(schema_editor.connection)


def remove(apps, schema_editor):
    guards.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [
        migrations.RunPython(put_in_head, migrations.RunPython.noop),
        migrations.RunPython(install, remove),
    ]
