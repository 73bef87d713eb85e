from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RemoveConstraint(model_name="account", name="role_is_known"),
        migrations.AlterField(
            model_name="account",
            name="role",
            field=models.CharField(
                blank=True,
                choices=[
                    ("owner", "owner: sees everything, sets units up"),
                    ("lead", "lead: sees everything, patients too, and arranges walls"),
                    ("team", "team: sees everything, patients too"),
                    ("reader", "reader: sees charts and totals, no patients and no small numbers"),
                    ("", "nothing yet"),
                ],
                default="",
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ["owner", "lead", "team", "reader", ""])), name="role_is_known"
            ),
        ),
    ]
