"""Settings that are each allowed and make no sense together."""

from __future__ import annotations

import json
import math
from collections.abc import Container, Iterator
from typing import Any

from mpo.settings.fields import Fields

Disagreement = tuple[str, Any, str]
"""A field, its value, and what would be right."""


ITERATIONS_ONLY = (
    *("iteration_episodes", "passes", "mstep_repeats"),
    *("samples_averaged", "replay_cleared", "ends_bootstrapped"),
)
"""Fields that mean something under `protocol: iterations` alone."""
ITERATIONS_FIXES = {
    "returns": "td0",
    "backup": "policy",
    "estep": "nonparametric",
    "likelihood": "joint",
    "kl": "joint",
    "multipliers": "learned",
    "multiplier_step": "before",
    "covariance": "full",
    "action_penalty": False,
    "target_update": "hard",
    "policy_average": None,
    "layer_norm": False,
    "device": "cpu",
}
"""Fields of which `protocol: iterations` knows one value."""
ITERATIONS_IGNORES = (
    "initial_temperature",
    "initial_alpha_mean",
    "initial_alpha_covariance",
    "minimum_alpha",
    "dual_learning_rate",
    "policy_target_period",
    "critic_target_period",
)
"""Fields of the update that would do nothing under `protocol: iterations`."""
ITERATIONS_UNREAD = (
    "steps_per_update",
    "sequence_length",
    "epsilon_penalty",
    "minimum_replay",
    "logging_updates",
)
"""Fields that it does not read either, and that may be set all the same, for the other runs of a
study."""


def protocols(field: str) -> str:
    """Which protocols read `field`, in words; "" where all read any value of it."""
    if field in ITERATIONS_ONLY:
        return "iterations alone"
    if field in (*ITERATIONS_IGNORES, *ITERATIONS_UNREAD):
        return "all but iterations"
    if field == "replay_capacity":
        return "all; iterations where replay_cleared is false"
    if field in ITERATIONS_FIXES:
        return f"all; iterations needs {json.dumps(ITERATIONS_FIXES[field])}"
    return ""


def disagreements(s: Fields, changed: Container[str]) -> Iterator[Disagreement]:
    """What is at odds in `s`, the first fault first; `changed` names what is not at its default."""
    largest = math.log(s.action_samples)
    if s.epsilon >= largest:
        yield (
            "epsilon",
            s.epsilon,
            f"the KL of weights over action_samples = {s.action_samples} never exceeds "
            f"log N = {largest:.4g}, so epsilon must be below that",
        )
    if s.action_penalty and s.epsilon_penalty >= largest:
        yield (
            "epsilon_penalty",
            s.epsilon_penalty,
            f"as for epsilon it must be below log N = {largest:.4g}",
        )
    if s.kl == "per_dimension" and s.covariance != "diagonal":
        yield (
            "kl",
            s.kl,
            f"one constraint a dimension needs covariance diagonal, not {s.covariance}",
        )
    if s.returns == "retrace" and s.batch_size % s.sequence_length:
        yield (
            "batch_size",
            s.batch_size,
            f"Retrace needs a multiple of sequence_length = {s.sequence_length}",
        )
    if s.initial_deviation <= s.minimum_deviation:
        yield (
            "initial_deviation",
            s.initial_deviation,
            f"must be above minimum_deviation = {s.minimum_deviation}",
        )
    for field in ("initial_alpha_mean", "initial_alpha_covariance"):
        if getattr(s, field) < s.minimum_alpha:
            yield field, getattr(s, field), f"must not be below minimum_alpha = {s.minimum_alpha}"
    if s.estep == "parametric":
        for field, value in (("backup", "policy"), ("likelihood", "joint"), ("kl", "joint")):
            if getattr(s, field) != value:
                yield (field, getattr(s, field), f"estep parametric needs {value}")
        if s.action_penalty:
            yield "action_penalty", True, "estep parametric has no weights to add it to"
    if s.steps % s.action_repeat:
        yield (
            "steps",
            s.steps,
            f"must be a multiple of action_repeat = {s.action_repeat}",
        )
    if s.steps < s.evaluation_points * s.action_repeat:
        yield (
            "steps",
            s.steps,
            f"leaves no decision between {s.evaluation_points} evaluation_points",
        )
    if s.episode_steps is not None and s.episode_steps % s.action_repeat:
        yield (
            "episode_steps",
            s.episode_steps,
            f"must be a multiple of action_repeat = {s.action_repeat}",
        )
    if s.protocol == "iterations":
        yield from _disagreements_with_iterations(s, changed)
    else:
        for field in ITERATIONS_ONLY:
            if field in changed:
                yield field, getattr(s, field), f"protocol {s.protocol} has no iterations"


def _disagreements_with_iterations(s: Fields, changed: Container[str]) -> Iterator[Disagreement]:
    for field, value in ITERATIONS_FIXES.items():
        if getattr(s, field) != value:
            yield field, getattr(s, field), f"protocol iterations needs {value}"
    for field in ITERATIONS_IGNORES:
        if field in changed:
            yield field, getattr(s, field), "it does nothing under protocol iterations"
    if s.dual_solver == "gradient":
        yield "dual_solver", s.dual_solver, "protocol iterations solves the dual on each batch"
    if s.episode_steps is None:
        yield "episode_steps", None, "protocol iterations needs its episodes' length (SR: 300)"
        return
    pairs = s.iteration_episodes * s.episode_steps // s.action_repeat
    if s.batch_size > pairs:
        yield "batch_size", s.batch_size, f"an iteration collects {pairs} decisions at most"
