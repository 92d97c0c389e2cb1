"""What the database itself holds: nothing overlaps, and no nurse has more people at once than the policy allows."""

from django.db import migrations

from stillhaven.clinic.record.append_only import AppendOnly

# btree_gist is not in every PostgreSQL; a range of one number does the same with what is built in.
EXCLUDE = """
ALTER TABLE schedule_appointment
  ADD CONSTRAINT schedule_one_in_a_chair EXCLUDE USING gist
    (int8range(chair_id, chair_id, '[]') WITH &&, tstzrange(starts_at, ends_at) WITH &&)
    WHERE (state IN ('booked', 'arrived') AND chair_id IS NOT NULL) DEFERRABLE INITIALLY IMMEDIATE,
  ADD CONSTRAINT schedule_one_visit_a_person EXCLUDE USING gist
    (int8range(patient_id, patient_id, '[]') WITH &&, tstzrange(starts_at, ends_at) WITH &&)
    WHERE (state IN ('booked', 'arrived')) DEFERRABLE INITIALLY IMMEDIATE,
  ADD CONSTRAINT schedule_one_in_a_lane EXCLUDE USING gist
    (int8range(nurse_id, nurse_id, '[]') WITH &&, int4range(lane::int, lane::int, '[]') WITH &&,
     tstzrange(starts_at, ends_at) WITH &&)
    WHERE (state IN ('booked', 'arrived') AND nurse_id IS NOT NULL) DEFERRABLE INITIALLY IMMEDIATE,
  ADD CONSTRAINT schedule_one_in_a_room EXCLUDE USING gist
    (int8range(room_id, room_id, '[]') WITH &&, tstzrange(starts_at, ends_at) WITH &&)
    WHERE (state IN ('booked', 'arrived') AND room_id IS NOT NULL) DEFERRABLE INITIALLY IMMEDIATE,
  ADD CONSTRAINT schedule_one_with_a_colleague EXCLUDE USING gist
    (int8range(attending_id, attending_id, '[]') WITH &&, tstzrange(starts_at, ends_at) WITH &&)
    WHERE (state IN ('booked', 'arrived') AND attending_id IS NOT NULL) DEFERRABLE INITIALLY IMMEDIATE;

ALTER TABLE schedule_shift
  ADD CONSTRAINT schedule_one_shift_at_once EXCLUDE USING gist
    (int8range(staff_id, staff_id, '[]') WITH &&, tstzrange(starts_at, ends_at) WITH &&);

-- A visit takes one of its nurse's lanes.  How many lanes a nurse has stands in the visit (a check holds lane <= lanes)
-- and is never more than the newest policy that the site's medical director adopted.
CREATE FUNCTION schedule_lanes_as_adopted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE adopted numeric;
BEGIN
  IF NEW.nurse_id IS NULL OR NEW.state NOT IN ('booked', 'arrived') THEN RETURN NEW; END IF;
  SELECT (content -> 'patients_per_nurse' ->> 'value')::numeric INTO adopted
    FROM record_adoption WHERE site = NEW.site_id AND what = 'policy' AND NOT retracted ORDER BY seq DESC LIMIT 1;
  IF adopted IS NOT NULL AND NEW.lanes > adopted THEN
    RAISE EXCEPTION 'a nurse has % patients at once at most by the policy of site %, not %', adopted, NEW.site_id, NEW.lanes
      USING ERRCODE = 'check_violation', CONSTRAINT = 'schedule_lanes_as_adopted';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER schedule_lanes_as_adopted BEFORE INSERT OR UPDATE OF nurse_id, lane, lanes, starts_at, ends_at
  ON schedule_appointment FOR EACH ROW EXECUTE FUNCTION schedule_lanes_as_adopted();
"""


class Migration(migrations.Migration):
    dependencies = [("schedule", "0002_the_book"), ("record", "0001_initial")]

    operations = [
        AppendOnly("VisitAnswer"),
        AppendOnly("GateOverride"),
        migrations.RunSQL(EXCLUDE, migrations.RunSQL.noop),
    ]
