"""Do the models say what was published of them, by people who did not fit to us?  Each with source and tolerance."""

from __future__ import annotations

import numpy as np
import pytest

from stillhaven.reference._pk import read_pk
from stillhaven.science import pk

MODELS = read_pk()

# Perez-Ruixo 2021, Table 4 (through the model library): Cmax ng/mL and AUC0-24 ng*h/mL of the typical subject, by
# ancestry, age, devices of 28 mg given at once.  Tolerance 4 %: the paper rounds its parameters to three digits.
OB05 = {
    ("other", 45): ((43.8, 147.3), (72.5, 254.7), (101.0, 362.2)),
    ("asian", 45): ((44.1, 158.2), (73.2, 275.9), (102.4, 393.5)),
    ("japanese", 45): ((57.5, 194.7), (94.5, 335.1), (131.3, 475.4)),
    ("other", 70): ((44.6, 160.4), (73.8, 275.8), (102.7, 391.2)),
    ("asian", 70): ((44.9, 171.0), (74.4, 296.3), (103.8, 421.5)),
    ("japanese", 70): ((58.8, 212.2), (96.5, 363.1), (133.8, 513.9)),
}
SNK_CMAX = (59.1, 119.7, 180.0)  # the same table, S-norketamine, 18 to 60 years, Caucasian
SNK_AUC = (274.4, 516.3, 758.0)


def nasal(mg, **who):
    dose = pk.Dose(at_min=0, amount_mg=mg, route=pk.Route.NASAL)
    given = pk.Regimen(drug=pk.Drug.ESKETAMINE, amount_as=pk.AmountAs.BASE, doses=(dose,))
    t = np.arange(0.0, 24 * 60 + 1.0)
    return t, pk.solve(MODELS["PK12"], pk.Person(weight_kg=74, **who), given, t)


def auc(t, level):
    return np.trapezoid(level, t) / 60.0


@pytest.mark.parametrize("who", OB05, ids=lambda w: f"{w[0]}-{w[1]}")
@pytest.mark.parametrize("devices", [1, 2, 3])
def test_ob05_nasal_esketamine(who, devices):
    cmax, area = OB05[who][devices - 1]
    t, found = nasal(28 * devices, age_y=who[1], ancestry=who[0])
    level = found.of("S")[0]
    assert level.max() == pytest.approx(cmax, rel=0.04)
    assert auc(t, level) == pytest.approx(area, rel=0.04)


@pytest.mark.parametrize("devices", [1, 2, 3])
def test_ob05_norketamine_peak_and_the_known_excess_of_its_area(devices):
    t, found = nasal(28 * devices, age_y=45, ancestry="other")
    level = found.of("SNK")[0]
    assert level.max() == pytest.approx(SNK_CMAX[devices - 1], rel=0.02)
    # the printed equations over-predict this area by (kel + kmet) / kmet = 1.40: a known fault of the paper, kept
    assert auc(t, level) / SNK_AUC[devices - 1] == pytest.approx(1.41, rel=0.04)


def test_ob06_second_implementation_of_fanta_and_otto():
    """S-ketamine 10 mg over 30 min at 70 kg: the model library's own check values."""
    given = pk.infusion(drug=pk.Drug.S_KETAMINE, amount_as=pk.AmountAs.BASE, amount_mg=10, over_min=30)
    t = np.arange(0.0, 60.0 * 24 * 10, 0.5)
    found = pk.solve(MODELS["PK10"], pk.Person(weight_kg=70, age_y=25), given, t)
    s, snk = found.of("S")[0], found.of("SNK")[0]
    assert s.max() / 1000 == pytest.approx(0.04987, abs=5e-6)
    assert auc(t, s) / 1000 == pytest.approx(0.1050, abs=6e-5)
    late = (t > 60 * 100) & (t < 60 * 200)
    half_life_h = np.log(2) / -np.polyfit(t[late], np.log(s[late]), 1)[0] / 60
    assert half_life_h == pytest.approx(7.328, rel=0.01)  # theirs is fitted to a shorter tail
    assert snk.max() / 1000 == pytest.approx(0.02145, abs=5e-6)
    assert t[snk.argmax()] / 60 == pytest.approx(1.38, abs=0.01)
    assert auc(t, snk) / 1000 == pytest.approx(0.1732, abs=6e-5)


def test_ob03_film_metabolites():
    """Metabolite areas over 6 h after a film (model library on Simons 2022), ng*min/mL.  Tolerance 12 %: read twice."""
    for mg, snk, hnk in ((50, 38497, 24087), (100, 67959, 44972)):
        dose = pk.Dose(at_min=0, amount_mg=mg, route=pk.Route.SUBLINGUAL)
        given = pk.Regimen(drug=pk.Drug.S_KETAMINE, amount_as=pk.AmountAs.BASE, doses=(dose,))
        t = np.arange(0.0, 361.0)
        found = pk.solve(MODELS["PK11"], pk.Person(weight_kg=73, age_y=24), given, t)
        assert auc(t, found.of("SNK")[0]) * 60 == pytest.approx(snk, rel=0.12)
        assert auc(t, found.of("HNK")[0]) * 60 == pytest.approx(hnk, rel=0.12)


def test_ob02_arterial_peak_after_twenty_milligrams():
    """Simons thesis: S-ketamine 20 mg over 20 min, arterial mean peak 260 to 273 ng/mL (6 h after a film)."""
    given = pk.infusion(drug=pk.Drug.S_KETAMINE, amount_as=pk.AmountAs.BASE, amount_mg=20, over_min=20)
    found = pk.solve(MODELS["PK11"], pk.Person(weight_kg=73, age_y=24), given, np.arange(0.0, 61.0))
    assert found.of("S")[0].max() == pytest.approx(265, rel=0.05)


# shared/pharmacology.md 1.1: 0.5 mg/kg over 40 min at 70 kg, ng/mL at 10, 20, 40, 60, 80, 120, 240 min, computed by
# another program from the same tables.
CROSS = {
    "PK02": (182, 210, 240, 55, 46, 36, 17),
    "PK03": (62, 109, 177, 115, 85, 59, 35),
    "PK01": (155, 198, 253, 96, 74, 50, 26),
    "PK10": (56, 98, 158, 104, 79, 55, 25),
    "PK11": (195, 234, 289, 91, 63, 38, 20),
    "PK12": (41, 74, 125, 88, 65, 40, 18),
}


@pytest.mark.parametrize("name", CROSS)
def test_half_a_milligram_per_kilogram(name):
    model = MODELS[name]
    given = pk.infusion(drug=model.drugs[0], amount_as=pk.AmountAs.BASE, amount_mg=35, over_min=40)
    t = [10, 20, 40, 60, 80, 120, 240]
    found = pk.solve(model, pk.Person(weight_kg=70, age_y=40, ancestry="other"), given, t)
    assert np.allclose(found.ng_per_ml[0, 0], CROSS[name], atol=0.6)


def test_the_models_disagree_as_much_as_is_said():
    """The reason for the band: 2.3-fold at the end of the infusion, 3.8-fold in minutes to 50 ng/mL."""
    at_end, to_50 = [], []
    for name in CROSS:
        model = MODELS[name]
        given = pk.infusion(drug=model.drugs[0], amount_as=pk.AmountAs.BASE, amount_mg=35, over_min=40)
        t = np.arange(40.0, 400.0)
        level = pk.solve(model, pk.Person(weight_kg=70, age_y=40, ancestry="other"), given, t).ng_per_ml[0, 0]
        at_end.append(level[0])
        to_50.append(float(np.argmax(level <= 50)))
    assert max(at_end) / min(at_end) == pytest.approx(2.3, abs=0.05)
    assert max(to_50) / min(to_50) == pytest.approx(3.8, abs=0.05)
