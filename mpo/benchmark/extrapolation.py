"""Core-hours that a study takes here, by what was measured of its variants."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from mpo.study.resources import Size
from mpo.study.study import Run, Study
from mpo.study.workload import workload


def trained_variants(study: Study) -> dict[str, dict[str, Any]]:
    """Those that the package trains, by name, and what the study has them set on any task."""
    of_tasks = {field for task in study.tasks.values() for field in task.fields} | {"steps"}
    some = next(iter(study.tasks))
    return {
        name: {
            field: value
            for field, value in study.settings[some, name].differences().items()
            if field not in of_tasks
        }
        for name, variant in study.variants.items()
        if not variant.external
    }


def core_hours(
    study: Study,
    found: Mapping[str, Mapping[str, float]],
    sizes: Mapping[str, Size] = MappingProxyType({}),
) -> dict[str, float]:
    """By variant: updates, steps and decisions of its runs, evaluations' included, and starts.

    `found` is what `mpo.benchmark.report` measured of each, with the shapes of hopper-stand, so
    that updates of larger bodies are reckoned too short; `sizes` is what was measured of tasks,
    each of which without counts as hopper-stand. A task's first seed starts with nothing compiled.
    """
    hours = dict.fromkeys(found, 0.0)
    for run in study.runs:
        if run.variant in hours:
            cost = dict(found[run.variant])
            if run.task in sizes:
                cost["env_us"] = sizes[run.task].step_us
            hours[run.variant] += seconds(run, study, cost) / 3600
    return hours


def seconds(run: Run, study: Study, cost: Mapping[str, float]) -> float:
    """Of one run, by what was measured of its variant."""
    work = workload(run.settings)
    start = cost["startup_cold_s" if run.seed == study.seeds[0] else "startup_s"]
    updating = work.updates * cost["update_ms"] / 1e3
    acting = work.decisions * cost["act_us"] / 1e6
    return start + updating + acting + work.steps * cost["env_us"] / 1e6
