"""What a run asks of a scheduler: processors, memory, minutes and GPUs, from its own settings.

How fast it is says `rates.json` in the study's folder, which `mpo benchmark --study` writes on the
machine where it is called; without it, and for tasks and variants that it lacks, the defaults are
those stated here, by the size of the task. Both are estimates: minutes are three times as many, and
a job that is tried again asks for as many times more.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from mpo.rundir import write_atomically
from mpo.settings import Settings, settings
from mpo.study.workload import episode_steps, workload

FILE = "rates.json"
FLOAT = 4
"""Bytes."""
PROCESS_MIB = 800
"""Of a run without its replay: Python, PyTorch, its compiled update, two simulators."""
WORKER_MIB = 450
"""Of a process that simulates for a cohort: Python, PyTorch, its simulators."""
COHORT_WORKERS = 16
"""Processors that a cohort beside a GPU asks for at most."""
SLACK = 1.15
MARGIN = 3.0
"""Minutes asked for over those estimated: other load, slower nodes, a slow file system."""
SAVING_MIN = 3
"""In which a job that is stopped saves before its time is over."""
LEAST_MIN = 30
"""Two Snakemakes and PyTorch start first, which a slow file system makes minutes of."""
START_S = 90.0
"""To the first update, everything compiled for the first time."""
UPDATE_MS, ITERATION_UPDATE_MS = 2.5, 25.0
"""An update of the default sizes; a batch with its M-steps under `protocol: iterations`."""
ACT_US = 20.0


class Size(NamedTuple):
    """Of a task: numbers of an observation and of an action, microseconds of a control step."""

    observation: int
    action: int
    step_us: float


DEFAULT = Size(64, 16, 150.0)
SIZES = {
    "dm_control/dog-": Size(223, 38, 2500.0),
    "dm_control/humanoid_CMU-": Size(137, 56, 800.0),
    "dm_control/humanoid-": Size(67, 21, 400.0),
    "dm_control/quadruped-": Size(101, 12, 600.0),
    "Humanoid": Size(348, 17, 400.0),
    "Ant": Size(105, 8, 250.0),
}
"""By the beginning of an environment's id; all others count as `DEFAULT`."""


@dataclass(frozen=True)
class Rates:
    """What was measured; nothing where nothing was."""

    update_ms: Mapping[str, float] = field(default_factory=dict)
    """By variant."""
    start_s: Mapping[str, float] = field(default_factory=dict)
    act_us: Mapping[str, float] = field(default_factory=dict)
    sizes: Mapping[str, Size] = field(default_factory=dict)
    """By task."""


def read_rates(folder: Path) -> Rates:
    """Those of the study in `folder`. Raises ValueError, naming the file, where it holds none."""
    file = folder / FILE
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        variants = content["variants"]
        by_name = {
            key: {name: float(values[key]) for name, values in variants.items()}
            for key in ("update_ms", "start_s", "act_us")
        }
        sizes = {name: Size(**values) for name, values in content["tasks"].items()}
    except FileNotFoundError:
        return Rates()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{file}: no rates that `mpo benchmark --study` wrote ({error!r}); remove it or "
            "measure again"
        ) from None
    return Rates(**by_name, sizes=sizes)


def write_rates(folder: Path, rates: Rates, made_with: Mapping[str, Any]) -> Path:
    """Write them, and on which machine they were measured; the file."""
    variants = {
        name: {
            "update_ms": rates.update_ms[name],
            "start_s": rates.start_s[name],
            "act_us": rates.act_us[name],
        }
        for name in rates.update_ms
    }
    tasks = {name: size._asdict() for name, size in rates.sizes.items()}
    content = {"variants": variants, "tasks": tasks, "made_with": made_with}
    write_atomically(folder / FILE, (json.dumps(content, indent=1) + "\n").encode())
    return folder / FILE


class Asked(NamedTuple):
    """What a run asks for, in the units of Snakemake's resources."""

    threads: int
    mem_mb: int
    runtime: int
    """Minutes."""
    gpu: int


def asked(task: str, variant: str, chosen: Settings, rates: Rates) -> Asked:
    """What a run of `variant` on `task` with the settings `chosen` asks for at its first try."""
    size = rates.sizes.get(task) or _size(chosen)
    memory = SLACK * (PROCESS_MIB + 2 * replay_mib(chosen, size))  # resuming reads a second copy
    minutes = MARGIN * _seconds(variant, chosen, size, rates) / 60 + SAVING_MIN
    minutes = max(minutes, LEAST_MIN)
    gpu = 0 if chosen.device == "cpu" else 1
    return Asked(chosen.threads, _rounded(memory, 100), _rounded(minutes, 5), gpu)


def asked_by_cohort(task: str, variant: str, chosen: Settings, rates: Rates, runs: int) -> Asked:
    """What all `runs` of `variant` on `task` ask for, trained as one.

    On a processor they are updated one after the other, by one process; beside a GPU each is
    simulated by a worker as long as there are processors, and they take as long as one.
    """
    one = asked(task, variant, chosen, rates)
    on_gpu = chosen.device != "cpu"
    workers = min(runs, COHORT_WORKERS) if on_gpu else 0
    size = rates.sizes.get(task) or _size(chosen)
    memory = PROCESS_MIB + workers * WORKER_MIB + 2 * runs * replay_mib(chosen, size)
    minutes = one.runtime if on_gpu else one.runtime * runs
    threads = max(chosen.threads, workers)
    return Asked(threads, _rounded(SLACK * memory, 100), _rounded(minutes, 5), one.gpu)


def replay_mib(chosen: Settings, size: Size) -> float:
    """Memory of the replay, which is also what its checkpoint holds at most."""
    if chosen.protocol == "iterations":
        decisions = chosen.iteration_episodes * (episode_steps(chosen) // chosen.action_repeat + 1)
        if not chosen.replay_cleared:
            decisions = max(decisions, chosen.replay_capacity)
    else:
        most = 2 * (chosen.steps // chosen.action_repeat + 1)
        decisions = min(chosen.replay_capacity, most)
    return decisions * FLOAT * (size.observation + size.action + 4) / 2**20


def _seconds(variant: str, chosen: Settings, size: Size, rates: Rates) -> float:
    iterates = chosen.protocol == "iterations"
    usual_ms = ITERATION_UPDATE_MS if iterates else UPDATE_MS * _work(chosen)
    work = workload(chosen)
    updating = work.updates * rates.update_ms.get(variant, usual_ms) / 1e3
    acting = work.decisions * rates.act_us.get(variant, ACT_US) / 1e6
    return rates.start_s.get(variant, START_S) + updating + acting + work.steps * size.step_us / 1e6


def _work(chosen: Settings) -> float:
    """Products of an update over those of the default sizes, where they are more."""

    def products(s: Settings) -> float:
        layers = (*s.critic_hidden, 1)
        critic = sum(a * b for a, b in pairwise(layers))
        return s.batch_size * s.action_samples * critic

    return max(1.0, products(chosen) / products(_defaults()))


@cache
def _defaults() -> Settings:
    return settings({})


def _size(chosen: Settings) -> Size:
    name = chosen.environment.rpartition(":")[2]  # past the module that registers it
    return next((size for prefix, size in SIZES.items() if name.startswith(prefix)), DEFAULT)


def _rounded(value: float, unit: int) -> int:
    return math.ceil(value / unit) * unit
