"""What a run does, counted from its settings: updates, control steps, decisions.

Minutes (`mpo.study.resources`) and core-hours (`mpo.benchmark.extrapolation`) are these times what
each takes.
"""

from __future__ import annotations

from typing import NamedTuple

from mpo.settings import Settings

EPISODE_STEPS = 1000
"""Control steps of an episode, unless the settings say."""


class Workload(NamedTuple):
    """Of one run; episodes count as never terminated early."""

    updates: int
    steps: int
    """Control steps, those of evaluations included."""
    decisions: int
    """Actions chosen in these steps."""


def workload(chosen: Settings) -> Workload:
    """Of a run with these settings."""
    steps = chosen.steps + evaluation_steps(chosen)
    return Workload(updates(chosen), steps, steps // chosen.action_repeat)


def updates(chosen: Settings) -> int:
    """Updates of a run, those included that it leaves out while its replay fills."""
    if chosen.protocol != "iterations":
        return chosen.steps // chosen.steps_per_update
    whole, rest = divmod(chosen.steps // episode_steps(chosen), chosen.iteration_episodes)
    return whole * _of_iteration(chosen, chosen.iteration_episodes) + _of_iteration(chosen, rest)


def _of_iteration(chosen: Settings, episodes: int) -> int:
    """Whole batches of its passes, which leave out the last decision of an episode cut short."""
    learnt_from = episodes * (episode_steps(chosen) // chosen.action_repeat - 1)
    return chosen.passes * (learnt_from // chosen.batch_size)


def evaluation_steps(chosen: Settings) -> int:
    """Control steps of all evaluations of a run."""
    before = (chosen.evaluation_points - 1) * chosen.evaluation_episodes
    return (before + chosen.evaluation_final_episodes) * episode_steps(chosen)


def episode_steps(chosen: Settings) -> int:
    """Control steps of an episode that nothing terminates."""
    return chosen.episode_steps or EPISODE_STEPS
