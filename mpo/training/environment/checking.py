"""What is tried before a run starts: whether its environment keeps its contract.

On an environment of its own, which is closed again, so that the run's bytes do not depend on it.
"""

import logging

import numpy as np

from mpo.settings import Settings
from mpo.training.environment.adapter import Environment
from mpo.training.environment.faults import Diverged, EnvironmentFault

SEED = 0
log = logging.getLogger("mpo")


def require_contract(settings: Settings) -> None:
    """Open a run's environment, reset it and step to each bound, twice.

    Passes on its warnings. Raises `EnvironmentFault` where it cannot be opened, breaks what it
    promises, or gives something else the second time.
    """
    environment = Environment.of(settings)
    try:
        for warning in environment.warnings:
            log.warning("environment: %r %s", settings.environment, warning)
        if _tried(environment) != _tried(environment):
            raise EnvironmentFault(
                settings.environment,
                f"is not determined by its seed: two episodes of seed {SEED} with the same "
                "actions differ, so that no run could be repeated or resumed",
            )
    except Diverged as divergence:
        raise EnvironmentFault(
            settings.environment, f"diverges before any policy has acted: {divergence}"
        ) from None
    finally:
        environment.close()


def _tried(environment: Environment) -> list[tuple]:
    """An episode's start and its first step, at each bound of the actions."""
    found = []
    for bound in (1.0, -1.0):
        start = environment.reset(SEED).tobytes()
        step = environment.step(np.full(environment.action_size, bound, np.float32))
        found.append((start, step.observation.tobytes(), *step[1:]))
    return found
