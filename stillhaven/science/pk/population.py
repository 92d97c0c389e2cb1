"""How would a million virtual people fare on this regimen, on a laptop, and the same tomorrow?

People are drawn in chunks of a fixed size, each with its own seed, so the answer does not depend on how many processes
shared the work.  Levels are never kept: each goes into a histogram whose bins are the number's own bits, its exponent
and the first digits of its fraction, so a bin is under 0.8 % wide and a quantile is good to about 0.1 %.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Protocol

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
    compile_system,
    individual,
)
from stillhaven.science.pk.predict import HIGH, LOW, _require, deviations
from stillhaven.science.pk.regimen import Regimen

CHUNK = 10_000  # people to a chunk; part of the answer, for each chunk has its own seed
_BITS = 7  # binary digits of the fraction in a bin: 128 bins to a doubling
_SHIFT = 52 - _BITS
_FIRST = ((1023 - 20) << _BITS) - 1  # the lowest bin holds 0 and all under 2^-20 ng/mL
_BINS = (44 << _BITS) + 2  # up to 2^24 ng/mL
_BATCH = 5  # chunks whose histograms are added up before they are handed on


class Client(Protocol):
    """What is asked of a Dask client (`dask.distributed.Client`): map a function, gather the answers."""

    def map(self, func: Callable[..., Any], *iterables: Any) -> Any: ...

    def gather(self, futures: Any) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """What became of many virtual people: `ng_per_ml` (shares, outputs, T) at `t_min`, by `shares` of the people."""

    t_min: Floats
    analytes: tuple[str, ...]
    shares: tuple[float, ...]
    ng_per_ml: Floats
    patients: int
    seed: int
    label: str
    cautions: tuple[str, ...]

    def of(self, analyte: str) -> Floats:
        """(shares, T) of one output."""
        return self.ng_per_ml[:, self.analytes.index(analyte)]


def run(
    model: Model,
    patient: Patient | Person,
    regimen: Regimen,
    t_min: Sequence[float] | Floats,
    *,
    patients: int,
    seed: int,
    shares: Sequence[float] = (LOW, 0.5, HIGH),
    workers: int = 1,
    client: Client | None = None,
    progress: Callable[[int], None] | None = None,
) -> Cohort:
    """Quantiles over `patients` virtual people like this one.  Same seed, same answer, whatever `workers` is.

    `client` is a Dask client for more than one machine; without it `workers` processes share the work.  `progress` is
    called with the number of people done since the last call.
    """
    found = _require(model, patient, regimen)
    if patients < 1:
        raise BadInput("patients", "must be at least 1")
    if workers < 1:
        raise BadInput("workers", "must be at least 1")
    if any(not 0 < share < 1 for share in shares):
        raise BadInput("shares", "must lie between 0 and 1")
    if model.variability is None:
        raise BadInput("model", f"{model.id}: how far people differ was not published, so no people can be drawn")
    times = np.asarray(t_min, dtype=float)
    mammillary.schedule(mammillary.Pieces(edges=(), jumps=()), times)  # says what is wrong with the times
    job = _Job(model=_plain(model), person=Person.of(patient), regimen=regimen, t_min=times, seed=seed)
    chunks = [(i, min(CHUNK, patients - i * CHUNK)) for i in range(-(-patients // CHUNK))]
    names = (*model.analytes(), "effect_site") if model.effect_site else model.analytes()
    counts = np.zeros((len(names), times.size, _BINS), dtype=np.int64)
    for part, people in _answers(job, chunks, workers, client):
        counts += part
        if progress is not None:
            progress(people)
    return Cohort(
        t_min=times,
        analytes=names,
        shares=tuple(shares),
        ng_per_ml=_quantiles(counts, tuple(shares)),
        patients=patients,
        seed=seed,
        label=model.label,
        cautions=tuple(f.because for f in found),
    )


@dataclass(frozen=True, kw_only=True)
class _Job:
    model: Model
    person: Person
    regimen: Regimen
    t_min: Floats
    seed: int


def _plain(model: Model) -> Model:
    """The same model with plain dicts, which can travel to another process."""
    return replace(model, parameters=dict(model.parameters), ways=dict(model.ways), residuals=dict(model.residuals))


def _answers(
    job: _Job, chunks: list[tuple[int, int]], workers: int, client: Client | None
) -> Iterator[tuple[np.ndarray, int]]:
    batches = [chunks[i : i + _BATCH] for i in range(0, len(chunks), _BATCH)]
    if client is not None:
        parts = client.gather(client.map(job_counts, [job] * len(batches), batches))
        yield from ((part, sum(n for _, n in batch)) for batch, part in zip(batches, parts, strict=True))
        return
    if workers == 1 or len(batches) == 1:
        yield from ((job_counts(job, batch), sum(n for _, n in batch)) for batch in batches)
        return
    # fresh interpreters: a server's threads and locks are not copied into them
    with ProcessPoolExecutor(max_workers=workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for batch, part in zip(batches, pool.map(job_counts, [job] * len(batches), batches), strict=True):
            yield part, sum(n for _, n in batch)


def job_counts(job: _Job, chunks: list[tuple[int, int]]) -> np.ndarray:
    """Histogram counts (outputs, T, bins) of some chunks of people."""
    outputs = len(job.model.outputs) + (job.model.effect_site is not None)
    counts = np.zeros((outputs, job.t_min.size, _BINS), dtype=np.int32)
    for index, people in chunks:
        seed = np.random.SeedSequence(entropy=job.seed, spawn_key=(index,))
        _add(job, deviations(job.model, seed, people), counts)
    return counts


def _add(job: _Job, eta: Floats, counts: np.ndarray) -> None:
    model = job.model
    values = individual(model, job.person, eta)
    ke0 = model.effect_site.ke0_per_min if model.effect_site else None
    if mammillary.takes(model, job.regimen) and ke0 is not None:
        plan = mammillary.schedule(
            mammillary.pieces(job.regimen, linear.base_factor(model, job.regimen, Route.IV)), job.t_min
        )
        modes = accel.modes(*mammillary.micro(model, values), ke0)
        accel.tally(modes, plan, NG_PER_ML_IN_MG_PER_L, _SHIFT, _FIRST, counts)
        return
    system = compile_system(model, values, ke0_per_min=ke0)
    feed = linear.inputs(model, system, job.regimen)
    for begin in range(0, len(eta), 1000):
        part = slice(begin, begin + 1000)
        levels = linear.levels(linear.some(system, part), linear.some_feed(feed, part), job.t_min)
        for o in range(counts.shape[0]):
            mammillary.tally_rows(levels[:, o].T, counts[o], _SHIFT, _FIRST)


def _quantiles(counts: np.ndarray, shares: tuple[float, ...]) -> Floats:
    """Quantiles (shares, outputs, T), even within a bin."""
    below = np.cumsum(counts, axis=2)
    total = below[:, :, -1]
    edges = ((np.arange(_BINS + 1, dtype=np.int64) + _FIRST) << _SHIFT).view(np.float64).copy()
    edges[0] = 0.0
    out = np.empty((len(shares), *total.shape))
    for s, share in enumerate(shares):
        rank = share * total
        place = (below < rank[:, :, None]).sum(axis=2)
        held = np.take_along_axis(counts, place[:, :, None], axis=2)[:, :, 0]
        before = np.take_along_axis(below, place[:, :, None], axis=2)[:, :, 0] - held
        part = (rank - before) / np.maximum(held, 1)
        level = edges[place] + part * (edges[place + 1] - edges[place])
        out[s] = np.where(place == 0, 0.0, level)
    return out
