"""Published pharmacokinetic models, solved exactly: arrays in, arrays out.

    >>> from stillhaven.science import pk
    >>> mine = pk.mammillary_model(v1_l=10.0, cl_l_per_min=1.0, peripherals=((20.0, 2.0),))
    >>> given = pk.infusion(drug=pk.Drug.RACEMIC, amount_as=pk.AmountAs.BASE, amount_mg=40, over_min=40)
    >>> curves = pk.solve(mine, pk.Person(weight_kg=70), given, [0, 20, 40, 60])
    >>> curves.ng_per_ml.shape  # people, outputs, times; ng/mL
    (1, 1, 4)

Models come from `stillhaven.reference` (each with its source and limits).  Times are minutes, amounts mg, rates mg/h,
concentrations ng/mL.  A regimen names its drug and whether its mg are base or salt.
"""

from stillhaven.science.pk.models import (
    AmountAs,
    Drug,
    Model,
    Person,
    Route,
    Site,
    default_model,
    fits,
    individual,
    mammillary_model,
    require,
    with_values,
)
from stillhaven.science.pk.predict import (
    Band,
    Bands,
    Curves,
    State,
    TimeBelow,
    bands,
    deviations,
    forecast,
    quantiles,
    solve,
    state_at,
    time_below,
    under_from,
    what_if,
)
from stillhaven.science.pk.regimen import Act, Dose, Entry, Infusion, Regimen, given, infusion

__all__ = [
    "Act",
    "AmountAs",
    "Band",
    "Bands",
    "Curves",
    "Dose",
    "Drug",
    "Entry",
    "Infusion",
    "Model",
    "Person",
    "Regimen",
    "Route",
    "Site",
    "State",
    "TimeBelow",
    "bands",
    "default_model",
    "deviations",
    "fits",
    "forecast",
    "given",
    "individual",
    "infusion",
    "mammillary_model",
    "quantiles",
    "require",
    "solve",
    "state_at",
    "time_below",
    "under_from",
    "what_if",
    "with_values",
]
