"""Let the database refuse to delete a decision, and to change what was decided, by whom and when."""

from django.db import migrations

MADE = {
    "phase": ("unit", "measure", "start", "limits", "first", "reason", "evidence", "proposed_by", "proposed_at"),
    "exclusion": ("unit", "measure", "day", "period", "reason", "made_by", "made_at"),
    "annotation": ("unit", "measure", "day", "text", "made_by", "made_at"),
    "target": ("unit", "measure", "kind", "day", "value", "reason", "set_by", "set_at"),
}
# What was taken back stays so, an acceptance stays as it was given, and a second person once needed stays needed.
ENDED = {
    "phase": "OLD.state = 'withdrawn' OR (OLD.state = 'accepted' AND NEW.state <> 'withdrawn') "
    "OR (OLD.accepted_by <> '' AND NEW.accepted_by <> OLD.accepted_by) OR (OLD.needs_second AND NOT NEW.needs_second)",
    "exclusion": "OLD.undone_by <> ''",
    "annotation": "OLD.removed_by <> ''",
    "target": "OLD.removed_by <> ''",
}
FINAL = ("publishedlimits", "rulesetchoice")


def refuse(schema_editor, name, when, table, say):
    """Add one trigger that refuses: `when` is an event, with a condition after WHEN where it has one."""
    event, _, condition = when.partition(" WHEN ")
    if schema_editor.connection.vendor == "sqlite":
        test = f"WHEN {condition} " if condition else ""
        schema_editor.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON charts_{table} {test}BEGIN SELECT RAISE(ABORT, '{say}'); END;"
        )
    elif schema_editor.connection.vendor == "postgresql":
        test = f"WHEN ({condition.replace(' IS NOT ', ' IS DISTINCT FROM ')}) " if condition else ""
        schema_editor.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{say}'; END $$"
        )
        schema_editor.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON charts_{table} FOR EACH ROW {test}EXECUTE FUNCTION {name}()"
        )


def refuse_rewriting(_apps, schema_editor):
    for table, columns in MADE.items():
        changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in columns)
        refuse(schema_editor, f"{table}_no_delete", "DELETE", table, f"a decision ({table}) is never deleted")
        refuse(
            schema_editor, f"{table}_no_rewriting", f"UPDATE WHEN {changed} OR {ENDED[table]}", table,
            f"what was decided ({table}) is never changed",
        )  # fmt: skip
    for table in FINAL:
        refuse(schema_editor, f"{table}_no_delete", "DELETE", table, f"a decision ({table}) is never deleted")
        refuse(schema_editor, f"{table}_no_change", "UPDATE", table, f"a version ({table}) is never changed")


class Migration(migrations.Migration):
    dependencies = [("charts", "0001_initial")]
    operations = [migrations.RunPython(refuse_rewriting, migrations.RunPython.noop)]
