"""Evaluation episodes: what a policy earns, and what the critic thought of it."""

from collections.abc import Callable, Generator, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import torch
from jaxtyping import Float

from mpo.algorithm.learner import Learner
from mpo.algorithm.networks import unflatten
from mpo.training.environment import Environment

Value = Callable[[np.ndarray, np.ndarray], float]
"""A critic's estimate for an observation and an action."""


class Evaluated(Protocol):
    """Anything with a deterministic action for an observation."""

    def mean(self, observation: Float[np.ndarray, " O"]) -> Float[np.ndarray, " A"]: ...


class Episode(NamedTuple):
    """One finished episode."""

    return_: float
    """Undiscounted sum of rewards."""
    length: int
    """Control steps of the simulator."""
    value_estimate: float
    """Q(s_0, mean action) of the online critic; NaN without one."""
    discounted_return: float
    """Sum of γ^k r_k over decisions k, which the estimate should equal."""


def critic_value(learner: Learner, observation: np.ndarray, action: np.ndarray) -> float:
    """Q_φ(s, clip(a)) of the online critic for one pair."""
    networks, device = learner.networks, learner.device
    parameters = unflatten(learner.state.critic.parameters, networks.critic_shapes())
    state = torch.from_numpy(observation).to(device).unsqueeze(0)
    taken = torch.from_numpy(np.asarray(action, np.float32)).to(device).unsqueeze(0)
    return float(networks.q_values(parameters, state, taken)[0])


def play(
    environment: Environment,
    policy: Evaluated,
    seed: int,
    discount: float,
    value: Value | None = None,
) -> Generator[None, None, Episode]:
    """One episode by the policy's mean action, from its reset a decision from item to item.

    `value` estimates the first pair. Raises `Diverged` where policy or simulator stop being finite.
    """
    observation = environment.reset(seed)
    estimate = float("nan")
    total = discounted = 0.0
    factor, length, over = 1.0, 0, False
    yield
    while not over:
        action = policy.mean(observation)
        if length == 0 and value is not None:
            estimate = value(observation, action)
        step = environment.step(action)
        total += step.reward
        discounted += factor * step.reward
        factor *= discount
        length += step.control_steps
        observation, over = step.observation, step.terminated or step.truncated
        yield
    return Episode(total, length, estimate, discounted)


def run_episode(
    environment: Environment,
    policy: Evaluated,
    seed: int,
    discount: float,
    value: Value | None = None,
    watch: Callable[[], None] | None = None,
) -> Episode:
    """`play` to the episode's end; `watch` is called after the reset and after every decision."""
    playing = play(environment, policy, seed, discount, value)
    while True:
        try:
            next(playing)
        except StopIteration as end:
            return end.value
        if watch:
            watch()


def rows(step: int, episodes: Sequence[Episode]) -> list[dict[str, float]]:
    """Rows of evaluations.csv for the evaluation at `step`."""
    return [
        {
            "step": step,
            "episode": index,
            "return": episode.return_,
            "length": episode.length,
            "value_estimate": episode.value_estimate,
            "discounted_return": episode.discounted_return,
        }
        for index, episode in enumerate(episodes)
    ]
