"""What is tried before a run starts: whether its environment keeps its contract.

On an environment of its own, which is closed again, so that the run's bytes do not depend on it.
"""

import logging
from collections.abc import Iterator

import numpy as np

from mpo.settings import Settings
from mpo.training.environment.adapter import Environment, Step
from mpo.training.environment.faults import Diverged, EnvironmentFault

SEED = 0
DECISIONS = 50
"""Of an episode of random actions, in which noise that begins late shows itself."""
log = logging.getLogger("mpo")


def require_contract(settings: Settings) -> None:
    """Open a run's environment, step to each bound and play some random actions, all of it twice.

    Passes on its warnings. Raises `EnvironmentFault` where it cannot be opened, breaks what it
    promises, or gives something else the second time.
    """
    environment = Environment.of(settings)
    try:
        for warning in environment.warnings:
            log.warning("environment: %r %s", settings.environment, warning)
        tried = [(*_bounds(environment), *_random_actions(environment)) for _ in range(2)]
    except Diverged as divergence:
        raise EnvironmentFault(
            settings.environment, f"diverges before any policy has acted: {divergence}"
        ) from None
    finally:
        environment.close()
    if tried[0] != tried[1]:
        raise EnvironmentFault(
            settings.environment,
            f"is not determined by its seed: two episodes of seed {SEED} with the same "
            "actions differ, so that no run could be repeated or resumed",
        )


def _bounds(environment: Environment) -> Iterator[tuple]:
    """An episode's start and its first step, at each bound of the actions."""
    for bound in (1.0, -1.0):
        yield (environment.reset(SEED).tobytes(),)
        yield _seen(environment.step(np.full(environment.action_size, bound, np.float32)))


def _random_actions(environment: Environment) -> Iterator[tuple]:
    """An episode's first decisions, at uniform actions; shorter where it ends or diverges."""
    random = np.random.default_rng(SEED)
    yield (environment.reset(SEED).tobytes(),)
    for _ in range(DECISIONS):
        action = random.uniform(-1.0, 1.0, environment.action_size).astype(np.float32)
        try:
            step = environment.step(action)
        except Diverged:  # random actions may drive a physics apart that a policy would not
            return
        yield _seen(step)
        if step.terminated or step.truncated:
            return


def _seen(step: Step) -> tuple:
    return (step.observation.tobytes(), *step[1:])
