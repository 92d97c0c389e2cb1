"""Vials, and the ledger of every milligram; counts by two people, cases, shipments, inventories and loss reports."""

from __future__ import annotations

import uuid

from django.db import models

from stillhaven.clinic.people.models import Site
from stillhaven.clinic.record.models import Entry

SAFE = "safe"
UNWITNESSED = ("issued", "stored", "given", "given_less")


class Witnessed(Entry):
    """An entry under which a second person stands: who, and how they proved it was they."""

    witness_id = models.BigIntegerField(null=True, blank=True)
    witness_name = models.CharField(max_length=120, blank=True)
    witness_how = models.CharField(max_length=20, blank=True)  # "pin", "totp", "recovery", "demo"

    class Meta(Entry.Meta):
        abstract = True


class Receipt(Witnessed):
    """What came in, from whom, when it really came, and which two people counted it."""

    RETRACTABLE = False

    received_on = models.DateField()
    supplier = models.CharField(max_length=120)
    supplier_address = models.CharField(max_length=200, blank=True)
    supplier_dea = models.CharField(max_length=20, blank=True)
    invoice = models.CharField(max_length=60)
    drug = models.CharField(max_length=40)
    product = models.CharField(max_length=160)
    ndc = models.CharField(max_length=40, blank=True)
    lot = models.CharField(max_length=60)
    expires = models.DateField()
    vials = models.PositiveIntegerField()
    content_mg = models.DecimalField(max_digits=10, decimal_places=2)
    note = models.TextField(blank=True)


class Vial(models.Model):
    """One container.  What it is never changes; `mg`, `ml`, `place` and `lines` are the replay of its ledger lines, and
    only the database's own rule for new lines writes them."""

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, models.PROTECT, related_name="vials")
    receipt = models.ForeignKey(Receipt, models.PROTECT, related_name="received")
    code = models.CharField(max_length=20)  # on its label: "K50-0007"
    drug = models.CharField(max_length=40)  # identity: ketamine, s_ketamine, esketamine
    product = models.CharField(max_length=160)
    is_device = models.BooleanField(default=False)  # given whole
    concentration_mg_per_ml = models.DecimalField(max_digits=9, decimal_places=4)
    volume_ml = models.DecimalField(max_digits=10, decimal_places=4)
    content_mg = models.DecimalField(max_digits=10, decimal_places=2)
    ndc = models.CharField(max_length=40, blank=True)
    lot = models.CharField(max_length=60)
    expires = models.DateField()
    mg = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    ml = models.DecimalField(max_digits=10, decimal_places=4, default=0)
    place = models.CharField(max_length=60, default=SAFE)
    lines = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("expires", "code")
        constraints = (
            models.UniqueConstraint("site", "code", name="stock_vial_code"),
            models.CheckConstraint(condition=models.Q(mg__gte=0, ml__gte=0), name="stock_vial_not_negative"),
            models.CheckConstraint(condition=models.Q(mg__lte=models.F("content_mg")), name="stock_vial_not_over_full"),
        )
        indexes = (models.Index("site", "drug", "expires", name="stock_vial_use"),)

    @property
    def sealed(self) -> bool:
        """Never drawn from: it holds what it came with."""
        return self.mg == self.content_mg

    @property
    def strength(self) -> str:
        """What stands on the label, in both units."""
        if self.is_device:
            return f"{self.content_mg.normalize():f} mg in {self.volume_ml.normalize():f} mL, device"
        whole = f"{self.content_mg.normalize():f} mg in {self.volume_ml.normalize():f} mL"
        return f"{self.concentration_mg_per_ml.normalize():f} mg/mL, {whole}"

    def __str__(self) -> str:
        return f"{self.code} (lot {self.lot})"


class StockLine(Witnessed):
    """One line of the ledger: what happened to one vial, by whom, before whom, and what it then held.

    A line is never amended or taken back: what was done is followed by a line that says what was done next.
    """

    RETRACTABLE = False

    line_no = models.BigIntegerField()  # place in the site's ledger, without a gap
    vial = models.ForeignKey(Vial, models.PROTECT, related_name="ledger")
    kind = models.CharField(max_length=20)
    mg = models.DecimalField(max_digits=10, decimal_places=2)  # the amount that the line is about
    ml = models.DecimalField(max_digits=10, decimal_places=4)
    vial_change_mg = models.DecimalField(max_digits=10, decimal_places=2)
    out_change_mg = models.DecimalField(max_digits=10, decimal_places=2)
    balance_mg = models.DecimalField(max_digits=10, decimal_places=2)  # in the vial after this line
    balance_ml = models.DecimalField(max_digits=10, decimal_places=4)
    out_mg = models.DecimalField(max_digits=10, decimal_places=2)  # drawn for this session, not accounted for, after it
    place = models.CharField(max_length=60)
    session_uid = models.UUIDField(null=True, blank=True, db_index=True)
    order_uid = models.UUIDField(null=True, blank=True)
    patient = models.BigIntegerField(null=True, blank=True)
    counted_mg = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    belongs_to = models.UUIDField(null=True, blank=True, db_index=True)  # receipt, count, case or shipment
    note = models.TextField(blank=True)
    detail = models.JSONField(default=dict)  # method and reason of a waste, carrier, diluent, ...
    prev_line = models.CharField(max_length=64)
    line = models.CharField(max_length=64, unique=True)

    class Meta(Witnessed.Meta):
        abstract = False
        ordering = ("line_no",)
        constraints = (  # type: ignore[assignment]
            *Witnessed.Meta.constraints,
            models.UniqueConstraint("site", "line_no", name="stock_line_no"),
            models.UniqueConstraint("site", "prev_line", name="stock_line_follows"),
            models.CheckConstraint(
                condition=models.Q(mg__gte=0, balance_mg__gte=0, out_mg__gte=0), name="stock_line_not_negative"
            ),
            models.CheckConstraint(
                condition=models.Q(witness_id__isnull=True) | ~models.Q(witness_id=models.F("by_id")),
                name="stock_line_two_people",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=("issued", "stored", "given", "given_less"))
                | models.Q(witness_id__isnull=False),
                name="stock_line_witnessed",
            ),
            models.CheckConstraint(
                condition=models.Q(out_change_mg=0) | models.Q(session_uid__isnull=False), name="stock_line_session"
            ),
        )
        indexes = (models.Index("vial", "line_no", name="stock_line_vial"),)


class StockCount(Entry):
    """A count was opened: what for, and what was to be counted (never how much of it)."""

    RETRACTABLE = False

    kind = models.CharField(max_length=20)  # opening, closing, inventory, recount
    case_uid = models.UUIDField(null=True, blank=True)
    groups = models.JSONField(default=list)  # [{"key", "label", "sealed", "unit", "vials"}]


class CountSheet(Entry):
    """What one person counted, blind to the book and to the other person."""

    RETRACTABLE = False

    count = models.ForeignKey(StockCount, models.PROTECT, related_name="sheets")
    values = models.JSONField(default=dict)
    upto_line = models.BigIntegerField()  # the ledger's end when it was entered; a later movement makes it stale


class CountResult(Entry):
    """Two people's counts, compared with each other and with the book."""

    RETRACTABLE = False

    count = models.OneToOneField(StockCount, models.PROTECT, related_name="result")
    first_name = models.CharField(max_length=120)
    second_name = models.CharField(max_length=120)
    agreed = models.BooleanField()
    rows = models.JSONField(default=list)
    line = models.CharField(max_length=64)  # the ledger's last hash then: printed and signed at the close
    line_no = models.BigIntegerField()


class StockCase(Entry):
    """A difference between what two people counted and the book.  Its vials are locked until it is closed."""

    RETRACTABLE = False

    label = models.CharField(max_length=200)
    drug = models.CharField(max_length=40)
    lot = models.CharField(max_length=60, blank=True)
    vials = models.JSONField(default=list)
    expected = models.DecimalField(max_digits=12, decimal_places=4)
    counted = models.DecimalField(max_digits=12, decimal_places=4)
    unit = models.CharField(max_length=10)
    difference_mg = models.DecimalField(max_digits=10, decimal_places=2)
    found_by = models.JSONField(default=list)
    count_uid = models.UUIDField(null=True, blank=True)
    window_from = models.DateTimeField(null=True, blank=True)
    window_to = models.DateTimeField()
    people = models.JSONField(default=list)  # [{"name", "why"}]
    note = models.TextField(blank=True)


class CaseStep(Witnessed):
    """What was found out, decided and reported in a case; the last step closes it, by two."""

    RETRACTABLE = False

    case = models.ForeignKey(StockCase, models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=20)  # explanation, escalation, classified, recount, report, closed
    text = models.TextField()
    value = models.JSONField(default=dict)


class LossReport(Entry):
    """The data of a report of theft or significant loss, and by when each duty falls due."""

    case = models.ForeignKey(StockCase, models.PROTECT, related_name="reports")
    discovered_at = models.DateTimeField()
    notice_due = models.DateTimeField()
    form_due = models.DateTimeField()
    significant = models.BooleanField(null=True, blank=True)
    factors = models.TextField(blank=True)  # why it is significant, or not: the registrant's own judgement
    values = models.JSONField(default=dict)


class Shipment(Witnessed):
    """Unused stock left: to a reverse distributor, or destroyed on site."""

    RETRACTABLE = False

    kind = models.CharField(max_length=20)  # sent_off, destroyed
    receiver = models.CharField(max_length=160)
    receiver_dea = models.CharField(max_length=20, blank=True)
    carrier = models.CharField(max_length=120, blank=True)
    form_number = models.CharField(max_length=60)
    vials = models.JSONField(default=list)
    total_mg = models.DecimalField(max_digits=12, decimal_places=2)
    note = models.TextField(blank=True)


class Inventory(Witnessed):
    """An inventory as the rules ask for it: the day, at the opening or the close, what there was, and who signed."""

    RETRACTABLE = False

    kind = models.CharField(max_length=20)  # initial, biennial, other
    taken_on = models.DateField()
    at_the = models.CharField(max_length=10)  # opening, closing
    result = models.ForeignKey(CountResult, models.PROTECT, null=True, blank=True, related_name="inventories")
    rows = models.JSONField(default=list)
    second_factor = models.CharField(max_length=20)
