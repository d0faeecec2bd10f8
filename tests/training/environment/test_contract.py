"""Environments made at random: each keeps its contract, or is refused in one line.

Their spaces, what they return, what wraps them and what ends their episodes are drawn. Whether one
is sound is known from what was drawn, so that refusing a sound one fails as well.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from mpo.settings import settings
from mpo.training.environment import Environment, EnvironmentFault, require_contract
from tests.training.environment.drawn import (
    ACTION_SPACES,
    OBSERVATION_SPACES,
    REWARDS,
    WRAPPERS,
    Drawn,
    observed,
    wrappings,
)
from tests.training.environment.making import Made, registered, simulator


def bytes_of(name: str) -> list[Any]:
    """All that comes of an episode of five decisions."""
    environment = Environment(name, 2)
    draws = np.random.default_rng(0)
    found: list[Any] = [environment.reset(4).tobytes()]
    for _ in range(5):
        action = draws.normal(size=environment.action_size).astype(np.float32)
        step = environment.step(action)
        found.append((step.observation.tobytes(), *step[1:]))
    return found


@given(st.data())
@examples(max_examples=150)
def test_an_environment_keeps_its_contract_or_is_refused_in_one_line(data: st.DataObject) -> None:
    actions, observations = data.draw(ACTION_SPACES), data.draw(OBSERVATION_SPACES)
    observe = data.draw(observed(observations.value)) if observations.sound else Drawn(None, True)
    reward = data.draw(REWARDS)
    seeded, limit = data.draw(st.integers(0, 9)) > 0, data.draw(st.sampled_from([30] * 8 + [None]))
    plain = observations.sound and observe.value is None
    wrapping = data.draw(wrappings(actions.value, observations.value, plain))

    def creator() -> gymnasium.Env:
        kwargs = {} if observe.value is None else {"observe": observe.value}
        return WRAPPERS[wrapping](
            Made(
                actions.value,
                observations.value,
                reward=reward.value,
                seeded=seeded,
                strict=wrapping != "rescaling",  # Gymnasium's arithmetic may pass the bounds
                **kwargs,
            )
        )

    timed = limit is not None or wrapping == "timing"
    sound = actions.sound and observations.sound and observe.sound and reward.sound and timed
    with registered(creator, limit) as name:
        try:
            require_contract(settings({"environment": name}))
        except EnvironmentFault as fault:
            assert str(fault).startswith("environment: 'Made-v0' ")
            assert "\n" not in str(fault)
            assert not sound or not seeded, fault
            event("refused")
            return
        assert sound
        event(f"taken, wrapped in {wrapping}")
        environment = Environment(name)
        assert environment.observation_size == environment.reset(0).size
        for bound, expected in ((-1.0, actions.value.low), (1.0, actions.value.high)):
            environment.step(np.full(environment.action_size, bound, np.float32))
            given_ = simulator(environment).given[-1]
            assert (given_.dtype, given_.shape) == (actions.value.dtype, actions.value.shape)
            if wrapping == "rescaling":
                np.testing.assert_allclose(given_, expected, rtol=1e-5, atol=1e-4)
            else:
                np.testing.assert_array_equal(given_, expected)
        if seeded:
            assert bytes_of(name) == bytes_of(name)


MIXED = """
import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiDiscrete
from tests.training.environment.making import Made, registered
from tests.training.environment.test_contract import bytes_of

inner = Dict({"b": MultiDiscrete([2, 3]), "a": Box(-1, 1, (2,))})
SPACES = {
    "choices": Dict({"gear": Discrete(5), "speed": Box(-1, 1, (40,))}),
    "nested": Dict({"z": inner, "a": Discrete(3), "m": Box(-1, 1, (2, 3), dtype=np.float64)}),
}
for space in SPACES.values():
    with registered(lambda: Made(observations=space)) as name:
        print(bytes_of(name))
"""


def test_nothing_that_was_never_written_is_observed() -> None:
    """Memory that is handed out filled with other bytes gives the same episodes."""
    said = []
    for perturbation in ("0", "85", "170"):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", MIXED],
            env={**os.environ, "MALLOC_PERTURB_": perturbation, "PYTHONMALLOC": "malloc"},
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert said[0].count("b'") == 12
    assert len(set(said)) == 1


@pytest.mark.parametrize("limit", [30, None])
def test_a_limit_of_the_entry_is_enough(limit: int | None) -> None:
    with registered(Made, limit) as name:
        require_contract(settings({"environment": name, "episode_steps": 4}))
