"""An environment before anything has learnt in it: its sizes, its clock, the uniform policy."""

from typing import NamedTuple

import gymnasium

from mpo.settings import Settings
from mpo.training.environment import Environment, EnvironmentFault
from mpo.training.replaying import random_returns

SUITE = "dm_control/"
"""Namespace of the environments whose rewards lie in [0, 1]."""


class Described(NamedTuple):
    """What there is to say of one environment."""

    observation_size: int
    """Numbers in a flat observation, O."""
    action_size: int
    limit: int
    """Control steps that cut an episode."""
    uniform: float
    """Mean return of uniformly random actions."""
    high: float | None
    """Return of a good policy, where somebody says one."""
    high_source: str


def describe(chosen: Settings, episodes: int, seed: int) -> Described:
    """Open, try and measure the environment of `chosen`. Raises `EnvironmentFault`, `Diverged`."""
    environment = Environment.of(chosen)
    sizes = environment.observation_size, environment.action_size
    limit = environment.limit
    environment.close()
    if chosen.episode_steps is not None:
        limit = min(limit, _own_limit(chosen) or limit)
    table = random_returns({chosen.environment: chosen}, episodes, seed)
    return Described(*sizes, limit, float(table["return_mean"][0]), *_high(chosen, limit))


def _own_limit(chosen: Settings) -> int | None:
    """Control steps at which the environment itself cuts an episode; None without any."""
    try:
        environment = Environment.of(chosen.model_copy(update={"episode_steps": None}))
    except EnvironmentFault:
        return None
    environment.close()
    return environment.limit


def _high(chosen: Settings, limit: int) -> tuple[float | None, str]:
    """The return that counts as a score of 1, and who says so."""
    _, _, name = chosen.environment.rpartition(":")  # past the module that registers it
    if name.startswith(SUITE):
        return limit, f"rewards in [0, 1] for {limit:,} steps"
    threshold = gymnasium.spec(name).reward_threshold
    return threshold, "" if threshold is None else "the threshold with which it is registered"
