"""The database itself says no: migration operations that let a table be added to and never changed.

`AppendOnly("Reading")` in a migration refuses UPDATE, DELETE and TRUNCATE on that table.  `tests/house` checks that
every entry has it.
"""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations.base import Operation

_FUNCTION = """
CREATE OR REPLACE FUNCTION stillhaven_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the record is append-only: % on % is refused; write an amendment instead', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$;
CREATE OR REPLACE FUNCTION stillhaven_head_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'UPDATE' OR NEW.count <= OLD.count OR NEW.name <> OLD.name THEN
    RAISE EXCEPTION 'the head of a chain only grows: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
"""


class _TriggerOperation(Operation):
    reversible = False
    reduces_to_sql = True

    def __init__(self, name: str) -> None:
        self.name = name

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Triggers are no part of Django's model state."""

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        raise NotImplementedError("the record goes forward only")

    def _table(self, app_label: str, to_state: Any) -> str:
        table: str = to_state.apps.get_model(app_label, self.name)._meta.db_table
        return table


class AppendOnly(_TriggerOperation):
    """Refuse to change or remove rows of this model's table."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = self._table(app_label, to_state)
        schema_editor.execute(_FUNCTION, params=None)
        schema_editor.execute(
            f"CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION stillhaven_append_only()"
        )
        schema_editor.execute(
            f"CREATE TRIGGER append_only_table BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION stillhaven_append_only()"
        )

    def describe(self) -> str:
        return f"Refuse changes to {self.name}"


class HeadOnlyGrows(_TriggerOperation):
    """A chain's head may only move forward, and is never removed."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = self._table(app_label, to_state)
        schema_editor.execute(_FUNCTION, params=None)
        schema_editor.execute(
            f"CREATE TRIGGER head_only_grows BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION stillhaven_head_only_grows()"
        )
        schema_editor.execute(
            f"CREATE TRIGGER head_stays BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION stillhaven_append_only()"
        )

    def describe(self) -> str:
        return f"{self.name} only grows"
