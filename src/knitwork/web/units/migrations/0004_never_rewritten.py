"""Let the database refuse to change or delete what people said of codes, and when they looked at them."""

from django.db import migrations

TABLES = (("meaning", "units_codemeaning", "what was said of a code"), ("look", "units_look", "a look"))


def statements(vendor):
    for name, table, what in TABLES:
        if vendor == "sqlite":
            for act in ("UPDATE", "DELETE"):
                yield (
                    f"CREATE TRIGGER {name}_no_{act.lower()} BEFORE {act} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{what} is never changed or deleted'); END;"
                )
        elif vendor == "postgresql":
            yield (
                f"CREATE FUNCTION {name}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION '{what} is never changed or deleted'; END $$;"
            )
            yield (
                f"CREATE TRIGGER {name}_no_change BEFORE UPDATE OR DELETE ON {table} "
                f"FOR EACH ROW EXECUTE FUNCTION {name}_refuse();"
            )


def refuse_rewriting(_apps, schema_editor):
    for statement in statements(schema_editor.connection.vendor):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("units", "0003_codes")]
    operations = [migrations.RunPython(refuse_rewriting, migrations.RunPython.noop)]
