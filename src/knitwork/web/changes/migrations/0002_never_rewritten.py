"""Let the database refuse to change or delete a plan."""

from django.db import migrations

SQLITE = (
    "CREATE TRIGGER plan_no_change BEFORE UPDATE ON changes_plan "
    "BEGIN SELECT RAISE(ABORT, 'a plan is never changed'); END;",
    "CREATE TRIGGER plan_no_delete BEFORE DELETE ON changes_plan "
    "BEGIN SELECT RAISE(ABORT, 'a plan is never deleted'); END;",
)
POSTGRES = """
CREATE FUNCTION plan_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'a plan is never changed or deleted'; END $$;
CREATE TRIGGER plan_no_change BEFORE UPDATE OR DELETE ON changes_plan
FOR EACH ROW EXECUTE FUNCTION plan_refuse();
"""


def refuse_rewriting(_apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for statement in SQLITE:
            schema_editor.execute(statement)
    elif schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRES)


class Migration(migrations.Migration):
    dependencies = [("changes", "0001_initial")]
    operations = [migrations.RunPython(refuse_rewriting, migrations.RunPython.noop)]
