"""Tiny runs of the iterations protocol."""

from typing import Any

from mpo.settings import Settings, settings
from mpo.study.entries import load_variants
from mpo.training.clock import Clock
from mpo.training.protocols.iterations.learner import Learner
from mpo.training.protocols.iterations.networks import Networks
from mpo.training.protocols.iterations.protocol import Training
from tests.environments import PREFIX
from tests.runs import finish, seeds

VARIANTS = {
    name: variant.settings
    for name, variant in load_variants().items()
    if variant.settings.get("protocol") == "iterations"
}
TINY: dict[str, Any] = {
    "environment": PREFIX + "LinearQuadratic-v0",
    "steps": 160,
    "iteration_episodes": 4,
    "episode_steps": 8,
    "batch_size": 8,
    "action_samples": 8,
    "policy_hidden": (7, 6),
    "critic_hidden": (8, 6),
    "evaluation_points": 4,
    "evaluation_episodes": 1,
    "evaluation_final_episodes": 2,
    "compile": False,
}
"""Five iterations of four episodes of eight steps: 28 usable decisions, 9 updates each."""


def tiny(name: str = "seed_report", **more: Any) -> Settings:
    """Settings of a tiny run of a variant."""
    return settings({**VARIANTS[name], **TINY, **more})


def begun(chosen: Settings, seed: int = 0) -> Training:
    """A run before its first episode."""
    return Training(chosen, seeds(seed), Clock())


def played(chosen: Settings, seed: int = 0) -> Training:
    """A run at its end."""
    training = begun(chosen, seed)
    finish(training)
    training.close()
    return training


def learner(chosen: Settings, seed: int = 0, action_size: int = 2) -> Learner:
    """A learner for three observations."""
    return Learner(Networks(chosen, 3, action_size), seed, seed + 1)
