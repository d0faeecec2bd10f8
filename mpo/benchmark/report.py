"""The benchmark as a whole: every measurement of every variant, as a mapping and as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd
import torch

from mpo.benchmark.processes import process_cost
from mpo.benchmark.steps import act_us, environment_cost, training_cost
from mpo.benchmark.updates import update_cost
from mpo.settings import settings
from mpo.training import provenance

VARIANTS = ("paper", "stabilised", "soft_estep", "converged_estep")
SCALED = ("paper", "stabilised")
"""Variants whose sizes are swept."""
PAIRS, UPDATES, CALLS, STEPS = 10, 100, 500, 12_000
QUICK = {"pairs": 2, "updates": 2, "calls": 20, "steps": 3_000, "compile_": False}
LABELS = {
    "update_ms": "an update, ms",
    "floor_ms": "its floor, ms",
    "ratio": "times the floor",
    "eager_ms": "not compiled, ms",
    "reference_ms": "eager reference, ms",
    "reference_ratio": "the reference's times ours",
    "mflop": "matrix products, million operations",
    "gflop_per_s": "rate of a 1024 cube, 1e9 operations/s",
    "act_us": "to act, µs",
    "env_us": "an environment step, µs",
    "simulator_us": "of which dm_control, µs",
    "physics_us": "of which mj_step, µs",
    "step_ms": "a control step of training, ms",
    "core_s_per_million": "core-seconds a million steps",
    "peak_mib": "peak memory, MiB",
    "startup_cold_s": "to the first update, nothing compiled, s",
    "startup_s": "to the first update, s",
}
OF_A_STUDY = "study_core_h"
"""With a study to extrapolate to: of its runs of a variant."""


def measured(
    own: Mapping[str, Any],
    pairs: int = PAIRS,
    updates: int = UPDATES,
    calls: int = CALLS,
    steps: int = STEPS,
    compile_: bool = True,
    device: str = "cpu",
) -> Iterator[tuple[str, dict[str, float]]]:
    """Each measurement of a variant that sets the fields `own`, when it is done: what, and values.

    The learner's tensors lie on `device`; the simulator and the actor need the processor alone.
    """
    torch.set_num_threads(1)
    cost = asdict(update_cost(own, pairs, updates, compile_, device))
    update = {key: value for key, value in cost.items() if value is not None}
    if "reference_ms" in update:
        update["reference_ratio"] = update["reference_ms"] / update["update_ms"]
    yield "updates", update
    yield "acting", {"act_us": act_us(own, pairs, calls, device)}
    yield "the simulator", asdict(environment_cost(pairs, calls))
    yield "training", asdict(training_cost(own, steps, compile_, device))
    yield "processes", asdict(process_cost(own, compile_, device))


def made_with(device: str, compile_: bool = True) -> dict[str, Any]:
    """On which machine, with which versions and of which code it was measured."""
    chosen = settings({"device": device})
    compiled = compile_ and chosen.option("device").can_compile()
    return {
        "machine": provenance.machine(chosen, compiled),
        "versions": provenance.versions(),
        "git": provenance.git(),
    }


def cells(found: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """A column a variant, a row a measurement, to four digits."""
    rows = {
        label: {variant: _digits(values[key]) for variant, values in found.items()}
        for key, label in (LABELS | {OF_A_STUDY: "core-hours of the study's runs"}).items()
        if all(key in values for values in found.values())
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def _digits(value: float) -> str:
    return f"{value:.4g}" if value < 1e4 else f"{value:,.0f}"


def table(found: Mapping[str, Mapping[str, float]]) -> str:
    """The same for a terminal."""
    return cells(found).to_string()
