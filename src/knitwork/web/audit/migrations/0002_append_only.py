"""Let the database refuse to change or delete an audit event."""

from django.db import migrations

SQLITE = """
CREATE TRIGGER audit_no_change BEFORE UPDATE ON audit_auditevent
BEGIN SELECT RAISE(ABORT, 'an audit event is never changed'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit_auditevent
BEGIN SELECT RAISE(ABORT, 'an audit event is never deleted'); END;
"""
POSTGRES = """
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'an audit event is never changed or deleted'; END $$;
CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit_auditevent
FOR EACH ROW EXECUTE FUNCTION audit_refuse();
"""


def refuse_changes(_apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for statement in SQLITE.strip().split("END;"):
            if statement.strip():
                schema_editor.execute(statement + "END;")
    elif schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRES)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(refuse_changes, migrations.RunPython.noop)]
