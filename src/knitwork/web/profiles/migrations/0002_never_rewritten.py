"""Let the database refuse to change or delete a version of a profile."""

from django.db import migrations

SQLITE = (
    "CREATE TRIGGER profile_no_change BEFORE UPDATE ON profiles_profileversion "
    "BEGIN SELECT RAISE(ABORT, 'a version of a profile is never changed'); END;",
    "CREATE TRIGGER profile_no_delete BEFORE DELETE ON profiles_profileversion "
    "BEGIN SELECT RAISE(ABORT, 'a version of a profile is never deleted'); END;",
)
POSTGRES = """
CREATE FUNCTION profile_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'a version of a profile is never changed or deleted'; END $$;
CREATE TRIGGER profile_no_change BEFORE UPDATE OR DELETE ON profiles_profileversion
FOR EACH ROW EXECUTE FUNCTION profile_refuse();
"""


def refuse_rewriting(_apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for statement in SQLITE:
            schema_editor.execute(statement)
    elif schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRES)


class Migration(migrations.Migration):
    dependencies = [("profiles", "0001_initial")]
    operations = [migrations.RunPython(refuse_rewriting, migrations.RunPython.noop)]
