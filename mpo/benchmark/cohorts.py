"""What a cohort costs: milliseconds of an update of all its runs, alone and end to end.

| column | meaning |
|---|---|
| `update_ms`, `update_us` | the update alone, of all runs and of one |
| `floor_ms` | its floor: all runs' matrix products at the rate of a 1024 cube on the device |
| `round_ms`, `round_us` | end to end: simulators, acting, replay and update; evaluations apart |
| `round_floor_ms` | its floor: the update's, and the steps of the runs that a processor simulates |
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pandas as pd
import torch

from mpo.algorithm.batch import Batch
from mpo.algorithm.cohort.learner import CohortLearner
from mpo.algorithm.cohort.stacked import rows
from mpo.algorithm.networks import size
from mpo.benchmark.floor import floating_point_operations
from mpo.benchmark.steps import TASK, environment_cost
from mpo.benchmark.subject import subject
from mpo.benchmark.updates import CUBE, WARM_UPDATES, milliseconds
from mpo.settings import settings
from mpo.study.entries import load_tasks, load_variants
from mpo.training.cohort.session import CohortSession
from mpo.training.seeds import Seeds

VARIANTS = ("stabilised",)
PAIRS, UPDATES, CALLS, ROUNDS = 10, 100, 500, 1000
QUICK = {"pairs": 2, "updates": 2, "calls": 20, "rounds": 5, "compile_": False}
STEPS_PER_UPDATE = 4
LABELS = {
    "runs": "runs",
    "update_ms": "update, ms for all",
    "update_us": "µs a run",
    "floor_ms": "floor, ms",
    "ratio": "times the floor",
    "round_ms": "end to end, ms for all",
    "round_us": "µs a run and update",
    "round_floor_ms": "floor, ms ",
    "workers": "workers",
}


def measured(
    variant: str,
    counts: Sequence[int],
    workers: Callable[[int], int],
    device: str = "cpu",
    pairs: int = PAIRS,
    updates: int = UPDATES,
    calls: int = CALLS,
    rounds: int = ROUNDS,
    compile_: bool = True,
) -> Iterator[dict[str, Any]]:
    """A row for each number of runs, as it is done; `workers` says how many simulate so many."""
    torch.set_num_threads(1)
    step_us = environment_cost(2, calls).env_us
    for runs in counts:
        update_ms, floor_ms = _update(variant, runs, pairs, updates, compile_, device)
        used = workers(runs)
        round_ms = _round(variant, runs, used, rounds, compile_, device)
        simulated = -(-runs // used) * STEPS_PER_UPDATE * step_us / 1e3
        yield {
            "variant": variant,
            "runs": runs,
            "update_ms": update_ms,
            "update_us": 1e3 * update_ms / runs,
            "floor_ms": floor_ms,
            "ratio": update_ms / floor_ms,
            "round_ms": round_ms,
            "round_us": 1e3 * round_ms / runs,
            "round_floor_ms": floor_ms + simulated,
            "workers": used,
        }


def table(found: pd.DataFrame) -> str:
    """For a terminal, to four digits."""
    shown = found.set_index("variant")[list(LABELS)].rename(columns=LABELS)
    return shown.to_string(float_format="{:.4g}".format)


def _update(
    variant: str, runs: int, pairs: int, updates: int, compile_: bool, device: str
) -> tuple[float, float]:
    """Milliseconds of an update of all runs, and its floor; medians over pairs."""
    made = subject(load_variants()[variant].settings, compile=compile_, device=device)
    shape = (size(made.networks.policy_shapes()),)
    places = [rows(runs, shape, torch.device("cpu")) for _ in range(2)]
    acting, average = places
    seeds = [(run, run + 1000) for run in range(runs)]
    learner = CohortLearner(made.networks, seeds, acting, average)
    drawn = zip(*(made.batch() for _ in range(runs)), strict=True)
    batch = Batch(*(torch.stack(fields).to(device) for fields in drawn))
    left, right, out = (torch.randn(CUBE, CUBE, device=device) for _ in range(3))

    def update() -> None:
        learner.update(batch, range(runs))

    def cube() -> None:
        torch.mm(left, right, out=out)

    milliseconds(update, max(2, WARM_UPDATES // runs) if compile_ else 1)
    milliseconds(cube, 1)
    update_ms, cube_ms = [], []
    for _ in range(pairs):
        cube_ms.append(milliseconds(cube, 10))
        update_ms.append(milliseconds(update, updates))
    operations = runs * floating_point_operations(made.networks)
    floor = operations / (2 * CUBE**3) * statistics.median(cube_ms)
    return statistics.median(update_ms), floor


def _round(
    variant: str, runs: int, workers: int, rounds: int, compile_: bool, device: str
) -> float:
    """Milliseconds from update to update of a cohort of hopper-stand, once all is compiled."""
    chosen = settings(
        {
            **load_variants()[variant].settings,
            "environment": load_tasks()[TASK].environment,
            "steps_per_update": STEPS_PER_UPDATE,
            "steps": 1_000_000,
            "replay_capacity": 100_000,
            "evaluation_points": 1,
            "compile": compile_,
            "device": device,
        }
    )
    training = CohortSession(chosen, [Seeds(0, TASK, run) for run in range(runs)], workers)
    walk, first = training.walk(), training.learner.members[0]
    try:
        while first.updates < min(WARM_UPDATES, rounds):
            next(walk)
        begun, start = first.updates, time.perf_counter()
        while first.updates < begun + rounds:
            next(walk)
        return 1e3 * (time.perf_counter() - start) / rounds
    finally:
        walk.close()
        training.close()
