"""Core-hours that a study takes here, by what was measured of its variants."""

from __future__ import annotations

from collections.abc import Mapping

from mpo.settings import Settings
from mpo.study.study import Run, Study

EPISODE_STEPS = 1000
"""Control steps of an episode of the suite."""


def trained_variants(study: Study) -> list[str]:
    """Those that this machine would train. Raises ValueError for one that is not measured."""
    for (_, name), settings in study.settings.items():
        if settings.protocol != "off_policy":
            raise ValueError(
                f"variant {name!r} follows protocol {settings.protocol!r}, which is not measured; "
                "allowed are variants of protocol 'off_policy'"
            )
    return [name for name, variant in study.variants.items() if not variant.external]


def core_hours(study: Study, found: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """By variant: updates, steps and decisions of its runs, evaluations' included, and starts.

    `found` is what `mpo.benchmark.report` measured of each. All of it was measured with the shapes
    of hopper-stand and each variant's own settings, so for a study of larger bodies or with larger
    `settings` it is too little. A task's first seed starts with nothing compiled.
    """
    hours = dict.fromkeys(found, 0.0)
    for run in study.runs:
        if run.variant in hours:
            hours[run.variant] += seconds(run, study, found[run.variant]) / 3600
    return hours


def seconds(run: Run, study: Study, cost: Mapping[str, float]) -> float:
    """Of one run, by what was measured of its variant."""
    settings = run.settings
    steps = settings.steps + evaluation_steps(settings)
    start = cost["startup_cold_s" if run.seed == study.seeds[0] else "startup_s"]
    updating = updates(settings) * cost["update_ms"] / 1e3
    acting = steps / settings.action_repeat * cost["act_us"] / 1e6
    return start + updating + acting + steps * cost["env_us"] / 1e6


def updates(settings: Settings) -> int:
    """Updates of a run, but for those that it leaves out while its replay fills."""
    return settings.steps // settings.steps_per_update


def evaluation_steps(run: Settings) -> int:
    """Control steps of all evaluations of a run, in episodes of the suite's length."""
    points, episodes = run.evaluation_points - 1, run.evaluation_episodes
    return (points * episodes + run.evaluation_final_episodes) * EPISODE_STEPS
