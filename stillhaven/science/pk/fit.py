"""What do this person's measured levels say of their own body?  For research, never for a decision at the chair.

Maximum a posteriori: the published model is what is believed before, the samples move it as far as they deserve.  The
covariance is Laplace's (Gauss and Newton's matrix at the optimum).  Models describe arterial or venous blood; a fit to
the other kind of sample is refused, because it would bend the parameters and not say so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stillhaven.science.errors import BadInput
from stillhaven.science.patient import Patient
from stillhaven.science.pk import accel, linear, mammillary
from stillhaven.science.pk.models import (
    NG_PER_ML_IN_MG_PER_L,
    Floats,
    Model,
    Person,
    Route,
    Site,
    Variability,
    compile_system,
    individual,
)
from stillhaven.science.pk.predict import _require
from stillhaven.science.pk.regimen import Regimen
from stillhaven.science.units import Quantity

_FAR = 100.0  # a level this many times off what the model expects was written in another unit
_MOST_STEPS = 200
_CLOSE = 1e-11  # of a whitened parameter: the step at which the search ends
_NUDGE = 1e-3  # for the five-point derivative: its error is about 1e-12


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One measured level of the parent drug."""

    at_min: float
    ng_per_ml: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.at_min) or self.at_min < 0:
            raise BadInput("at_min", "must be a time of at least 0 minutes")
        if not math.isfinite(self.ng_per_ml) or self.ng_per_ml <= 0:
            raise BadInput("ng_per_ml", "must be over 0; a level under the limit of quantification is not a number")

    @classmethod
    def of(cls, at_min: float, level: Quantity) -> Sample:
        return cls(at_min=at_min, ng_per_ml=level.to("ng/mL"))


@dataclass(frozen=True, kw_only=True)
class Fit:
    """One person's parameters.  `eta` are deviations of the logarithms (or logits) in the order of `names`.

    `shrinkage` is the share of the prior variance that is left: near 1, the samples said nothing of that parameter.
    `condition` is the condition number of the curvature in prior units; over 1e6 the answer hangs on rounding.
    """

    names: tuple[str, ...]
    eta: Floats
    covariance: Floats
    parameters: Mapping[str, float]
    shrinkage: Mapping[str, float]
    condition: float
    converged: bool
    steps: int
    predicted_ng_per_ml: Floats
    label: str
    cautions: tuple[str, ...]

    @property
    def sd(self) -> Floats:
        return np.sqrt(np.diag(self.covariance))


def fit(
    model: Model,
    patient: Patient | Person,
    regimen: Regimen,
    samples: Sequence[Sample],
    *,
    site: Site,
    residual_sd: float | None = None,
) -> Fit:
    """The most probable parameters of one person, given their samples.  `residual_sd` overrides the model's own."""
    levels = [s.ng_per_ml for s in samples]
    return prepare(model, patient, regimen, [s.at_min for s in samples], site=site, residual_sd=residual_sd).map(levels)


def prepare(
    model: Model,
    patient: Patient | Person,
    regimen: Regimen,
    at_min: Sequence[float],
    *,
    site: Site,
    residual_sd: float | None = None,
) -> Problem:
    """Everything that does not depend on the levels, once; then `map` fits one set of levels after the other."""
    cautions = [f.because for f in _require(model, patient, regimen)]
    if not isinstance(site, Site) or site is Site.NOT_STATED:
        raise BadInput("site", "say where the samples were drawn: arterial or venous")
    if model.site is Site.NOT_STATED:
        cautions.append(f"{model.id} does not state its sampling site; the samples are {site.value}")
    elif model.site is not site:
        raise BadInput(
            "site", f"{model.id} describes {model.site.value} blood and cannot be fitted to {site.value} samples"
        )
    if model.variability is None:
        raise BadInput(
            "model", f"{model.id}: how far people differ was not published, so there is nothing to start from"
        )
    if model.variability.borrowed_from:
        cautions.append(f"between-patient spread is that of {model.variability.borrowed_from}")
    if residual_sd is None:
        if model.parent.analyte not in model.residuals:
            raise BadInput("residual_sd", f"{model.id} has no published residual error: give it")
        residual_sd = model.residuals[model.parent.analyte].proportional_sd
    if not (math.isfinite(residual_sd) and residual_sd > 0):
        raise BadInput("residual_sd", "must be over 0")
    times = np.asarray(at_min, dtype=float)
    if times.size == 0:
        raise BadInput("samples", "there are none")
    if not np.isfinite(times).all():
        raise BadInput("samples", "a time is not a finite number")
    if (np.diff(times) <= 0).any():
        raise BadInput("samples", "times are out of order, or two samples share one")
    return Problem(model, Person.of(patient), regimen, times, residual_sd, tuple(dict.fromkeys(cautions)))


class Problem:
    """One person's sampling times and regimen under one model: what does not change from fit to fit."""

    def __init__(
        self,
        model: Model,
        person: Person,
        regimen: Regimen,
        times: Floats,
        residual_sd: float,
        cautions: tuple[str, ...],
    ) -> None:
        self.model, self.person, self.regimen = model, person, regimen
        self.times, self.residual_sd, self.cautions = times, residual_sd, cautions
        spread = model.variability
        assert spread is not None
        self.spread: Variability = spread
        self.root = np.linalg.cholesky(spread.matrix())
        self.closed = mammillary.takes(model, regimen)
        self.plan: mammillary.Schedule | None = None
        if self.closed:
            base = linear.base_factor(model, regimen, Route.IV)
            self.plan = mammillary.schedule(mammillary.pieces(regimen, base), times)
        self.typical = self.log_levels(np.zeros((1, len(spread.names))))[0]
        if not np.isfinite(self.typical).all():
            raise BadInput("samples", "one lies before any drug could be in the blood")
        self.fast = accel.fitter(self)

    def log_levels(self, eta: Floats) -> Floats:
        """Logarithms of the expected levels in ng/mL (n, samples) of n people."""
        values = individual(self.model, self.person, eta)
        with np.errstate(divide="ignore"):
            if self.plan is not None and not np.iscomplexobj(eta):
                modes = mammillary.modes(*mammillary.micro(self.model, values), 1.0)
                plasma = mammillary.run_plasma(modes, self.plan, self.times.size)
                return np.asarray(np.log(plasma * NG_PER_ML_IN_MG_PER_L))
            system = compile_system(self.model, values, analytes=(self.model.parent.analyte,))
            levels = linear.levels(system, linear.inputs(self.model, system, self.regimen), self.times)
            return np.asarray(np.log(levels[:, 0]))

    def derivative(self, eta: Floats) -> tuple[Floats, Floats]:
        """Log levels (samples,) and their derivative by eta (samples, q)."""
        q = eta.size
        if self.plan is not None:  # real numbers only: five points
            steps = np.concatenate([k * _NUDGE * np.eye(q) for k in (-2, -1, 1, 2)] + [np.zeros((1, q))])
            y = self.log_levels(eta + steps)
            m2, m1, p1, p2 = (y[k * q : (k + 1) * q] for k in range(4))
            return y[-1], ((m2 - 8.0 * m1 + 8.0 * p1 - p2) / (12.0 * _NUDGE)).T
        y = self.log_levels(eta + 1e-200j * np.eye(q))  # exact to the last digit
        return y[0].real, (y.imag / 1e-200).T

    def map(self, levels_ng_per_ml: Sequence[float] | Floats) -> Fit:
        """The fit to one set of levels at the prepared times."""
        measured = np.log(np.asarray(levels_ng_per_ml, dtype=float))
        if measured.shape != self.times.shape or not np.isfinite(measured).all():
            raise BadInput("samples", "need one level over 0 for each time")
        off = np.abs(measured - self.typical)
        if (off > math.log(_FAR)).any():
            worst = int(off.argmax())
            raise BadInput(
                "samples",
                f"{math.exp(measured[worst]):g} ng/mL at {self.times[worst]:g} min is over {_FAR:g} times off what "
                f"{self.model.id} expects ({math.exp(self.typical[worst]):.3g} ng/mL): is the unit right?",
            )
        if self.fast is not None:
            z, y, jacobian, steps, converged = self.fast(measured)
        else:
            z, y, jacobian, steps, converged = self._search(measured)
        curvature = jacobian.T @ jacobian + np.eye(z.size)
        inverse = np.linalg.inv(curvature)
        eta = self.root @ z
        covariance = self.root @ inverse @ self.root.T
        values = individual(self.model, self.person, eta[None])
        prior = np.diag(self.spread.matrix())
        return Fit(
            names=self.spread.names,
            eta=eta,
            covariance=covariance,
            parameters={name: float(v[0]) for name, v in values.items()},
            shrinkage=dict(zip(self.spread.names, (np.diag(covariance) / prior).tolist(), strict=True)),
            condition=float(np.linalg.cond(curvature)),
            converged=converged,
            steps=steps,
            predicted_ng_per_ml=np.exp(y),
            label=self.model.label,
            cautions=self.cautions,
        )

    def _search(self, measured: Floats) -> tuple[Floats, Floats, Floats, int, bool]:
        """Levenberg and Marquardt in whitened parameters z (eta = root z): sum of squares of residuals and of z."""
        z: Floats = np.zeros(len(self.spread.names))
        damping, steps = 0.0, 0
        y, d = self.derivative(np.asarray(self.root @ z, dtype=float))
        jacobian = d @ self.root / self.residual_sd
        left = (measured - y) / self.residual_sd
        cost = left @ left + z @ z
        while steps < _MOST_STEPS:
            steps += 1
            gradient = jacobian.T @ left - z
            curvature = jacobian.T @ jacobian + np.eye(z.size)
            move = np.linalg.solve(curvature + damping * np.diag(np.diag(curvature)), gradient)
            fresh = z + move
            y_new, d_new = self.derivative(np.asarray(self.root @ fresh, dtype=float))
            left_new = (measured - y_new) / self.residual_sd
            cost_new = left_new @ left_new + fresh @ fresh
            if np.isfinite(cost_new) and cost_new <= cost * (1.0 + 1e-14) + 1e-14:
                z, y, left, cost = fresh, y_new, left_new, cost_new
                jacobian = d_new @ self.root / self.residual_sd
                damping = 0.0 if damping < 1e-3 else damping / 10.0
                if np.abs(move).max() < _CLOSE:
                    return z, y, jacobian, steps, True
            else:
                if np.abs(move).max() < _CLOSE:
                    return z, y, jacobian, steps, True
                damping = max(1e-3, damping * 10.0)
        return z, y, jacobian, steps, False
