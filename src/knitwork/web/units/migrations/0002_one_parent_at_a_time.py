"""Let the database refuse a unit two `belongs` parents at the same time."""

from django.db import migrations

CLASH = """
    NEW.kind = 'belongs' AND EXISTS (
        SELECT 1 FROM units_membership AS other
        WHERE other.unit_id = NEW.unit_id AND other.kind = 'belongs' AND other.id IS NOT NEW.id
          AND coalesce(other.since_us, -4611686018427387904) < coalesce(NEW.until_us, 4611686018427387904)
          AND coalesce(NEW.since_us, -4611686018427387904) < coalesce(other.until_us, 4611686018427387904))
"""
SQLITE = [
    f"CREATE TRIGGER one_parent_on_insert BEFORE INSERT ON units_membership WHEN {CLASH} "
    "BEGIN SELECT RAISE(ABORT, 'a unit belongs to one group at a time'); END;",
    f"CREATE TRIGGER one_parent_on_update BEFORE UPDATE ON units_membership WHEN {CLASH} "
    "BEGIN SELECT RAISE(ABORT, 'a unit belongs to one group at a time'); END;",
]
POSTGRES = """
CREATE EXTENSION IF NOT EXISTS btree_gist;
ALTER TABLE units_membership ADD CONSTRAINT one_parent_at_a_time
EXCLUDE USING gist (unit_id WITH =, int8range(since_us, until_us) WITH &&) WHERE (kind = 'belongs');
"""


def refuse_two_parents(_apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for statement in SQLITE:
            schema_editor.execute(statement)
    elif schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRES)


class Migration(migrations.Migration):
    dependencies = [("units", "0001_initial")]
    operations = [migrations.RunPython(refuse_two_parents, migrations.RunPython.noop)]
