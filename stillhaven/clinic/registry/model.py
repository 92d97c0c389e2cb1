"""How do scores run over a course, with everybody who started and filled in at least one later form?

The log-time mixed model for repeated measures: a start and a slope of each person's own, the start score beside them.
Fitted in the background and kept with its date; no last observation is carried forward.  It holds if what is missing
depends only on what was seen, which nobody can check from the data: the two bounds beside each share stand for the rest.
"""

from __future__ import annotations

import warnings
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from stillhaven.clinic.people.models import Site
from stillhaven.clinic.registry import gather, scored
from stillhaven.clinic.registry.gather import View
from stillhaven.clinic.registry.models import ModelFit

Floats = NDArray[np.float64]
NAMES = ("start", "log_time", "baseline", "baseline_by_log_time")
SHOWN_DAYS = (7, 21, 45)
_Z = 1.959963984540054

FORMS = f"""{gather.READ}
SELECT p.patient_id, extract(epoch FROM q.at - p.first)::float8 / 86400, p.b, q.total
FROM people p JOIN registry_scoredsheet q ON q.site = p.site_id AND q.patient = p.patient_id
WHERE p.b IS NOT NULL AND q.scale = %(scale)s AND q.version = %(version)s AND NOT q.superseded
  AND q.total IS NOT NULL AND q.at <= %(now)s
  AND q.at > p.first AND q.at <= p.first + %(until)s
ORDER BY p.patient_id, q.at"""  # noqa: S608  (texts of these modules alone)


def forms(
    site: int, family: str, now: datetime, view: View | None = None
) -> tuple[NDArray[np.int64], Floats, Floats, Floats]:
    """Person, days since the first session, start score and score of every later form."""
    scored.refresh(site)
    wanted = gather.asked([site], family, now, view) | {"until": gather.days(gather.book().rules.model_until_d)}
    with connection.cursor() as cursor:
        cursor.execute(FORMS, wanted)
        rows = cursor.fetchall()
    table = np.array([(day, base, total) for _, day, base, total in rows], dtype=np.float64).reshape(-1, 3)
    return np.array([row[0] for row in rows], dtype=np.int64), table[:, 0], table[:, 1], table[:, 2]


def design(day: Floats, baseline: Floats, centre: float) -> tuple[Floats, Floats]:
    """Fixed and random columns.  The start score is counted from the mean start."""
    log_time, start = np.log1p(day), baseline - centre
    one = np.ones_like(day)
    return np.column_stack([one, log_time, start, start * log_time]), np.column_stack([one, log_time])


def fit_arrays(person: NDArray[np.int64], day: Floats, baseline: Floats, score: Floats) -> dict[str, Any]:
    """Fit by restricted maximum likelihood, and what it comes to on a few days for somebody of the mean start."""
    # slow to import, and needed by no page
    from statsmodels.regression.mixed_linear_model import MixedLM  # type: ignore[import-untyped]

    _, first = np.unique(person, return_index=True)
    centre = float(baseline[first].mean())
    fixed, own = design(day, baseline, centre)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whether it converged is kept and shown
        made = MixedLM(score, fixed, groups=person, exog_re=own).fit(reml=True, method=["lbfgs", "powell"])
    around = np.asarray(made.cov_params())[:4, :4]
    coefficients = [
        {"name": name, "value": float(value), "se": float(np.sqrt(around[i, i]))}
        for i, (name, value) in enumerate(zip(NAMES, np.asarray(made.fe_params), strict=True))
    ]
    return {
        "mean_start": centre, "coefficients": coefficients, "converged": bool(made.converged),
        "spread_of_people": [[float(v) for v in row] for row in np.asarray(made.cov_re)], "left_over": float(made.scale),
        "days": [_on(int(d), np.asarray(made.fe_params), around) for d in SHOWN_DAYS],
    }  # fmt: skip


def _on(day: int, fixed: Floats, around: Floats) -> dict[str, float]:
    at = np.array([1.0, np.log1p(day), 0.0, 0.0])
    value, spread = float(at @ fixed), float(np.sqrt(at @ around @ at))
    return {"day": day, "score": value, "low": value - _Z * spread, "high": value + _Z * spread}


def fit(site: Site, family: str, now: datetime, view: View | None = None) -> ModelFit | None:
    """Fit anew and keep it.  None where there are too few people to fit anything on."""
    import statsmodels  # type: ignore[import-untyped]

    seen = view or View()
    person, day, baseline, score = forms(site.pk, family, now, seen)
    people = len(np.unique(person))
    if people < gather.book().rules.model_fewest:
        return None
    found, _ = ModelFit.objects.update_or_create(
        site=site, instrument=seen.name, family=_kept_as(family, seen),
        defaults={
            "fitted_at": now, "people": people, "forms": len(score), "software": f"statsmodels {statsmodels.__version__}",
            "result": fit_arrays(person, day, baseline, score),
        },
    )  # fmt: skip
    return found


def _kept_as(family: str, view: View) -> str:
    """One model a treatment and kind of indication."""
    return f"{family}/{view.group}"[:60] if view.group else family


def fit_all(now: datetime) -> int:
    """Every treatment, kind of indication and scale of every site: for the nightly job."""
    done = 0
    for site in Site.objects.order_by("pk"):
        known = gather.kinds([site.pk], now)
        for family, groups in known.groups.items():
            for group in groups:
                views = [known.view(family, group, scale) for scale in gather.scales_of(group)]
                done += sum(fit(site, family, now, view) is not None for view in views)
    return done


def latest(site: int, family: str, view: View | None = None) -> ModelFit | None:
    seen = view or View()
    return ModelFit.objects.filter(site=site, family=_kept_as(family, seen), instrument=seen.name).first()
