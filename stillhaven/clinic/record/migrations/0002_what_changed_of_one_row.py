from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("record", "0001_initial")]

    operations = [
        migrations.AddIndex(
            model_name="adminchange",
            index=models.Index(fields=["table", "row"], name="record_adminchange_of"),
        ),
    ]
