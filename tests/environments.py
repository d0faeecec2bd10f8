"""Tiny Gymnasium environments whose optima and endings are known.

`gymnasium.make("tests.environments:OneStep-v0")` imports this module, which registers them.
"""

from typing import Any

import gymnasium
import numpy as np
from dm_control.rl.control import PhysicsError
from gymnasium.spaces import Box, Dict, Discrete

PREFIX = "tests.environments:"
OPTIMUM = np.array([0.4, -0.3])
CURVATURE = np.array([[3.0, 1.0], [1.0, 2.0]])
DECAY, GAIN, STATE_COST, ACTION_COST = 0.9, 0.5, 1.0, 0.4
UNBOUNDED = 1e9
LONGEST = 1000
"""The limit that they are registered with; they end before it."""


class BesideOne(gymnasium.Env):
    """Observations of one dimension, with a 1 beside: LayerNorm alone would see their sign."""

    observation_space = Box(-UNBOUNDED, UNBOUNDED, (2,))

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        observation, info = super().reset(seed=seed, options=options)
        return _beside_one(observation), info

    def step(self, action: np.ndarray) -> Any:
        observation, reward, terminated, truncated, info = super().step(action)
        return _beside_one(observation), reward, terminated, truncated, info


def _beside_one(observation: np.ndarray) -> np.ndarray:
    return np.append(observation, np.float32(1.0))


class OneStep(gymnasium.Env):
    """One action, then the end: r = 1 - (a - a*)ᵀ H (a - a*) / 2, the same at every state."""

    observation_space = Box(-1.0, 1.0, (1,))
    action_space = Box(-1.0, 1.0, (2,))
    terminates = True

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        super().reset(seed=seed)
        return self._state(), {}

    def _state(self) -> np.ndarray:
        return self.np_random.uniform(-1.0, 1.0, 1).astype(np.float32)

    def step(self, action: np.ndarray):
        away = action - OPTIMUM
        reward = 1.0 - 0.5 * float(away @ CURVATURE @ away)
        return self._state(), reward, self.terminates, not self.terminates, {}


class OneStepCut(BesideOne, OneStep):
    """The same with an end by time: unlike a terminated one, its last observation is a state."""

    terminates = False


class LinearQuadratic(gymnasium.Env):
    """s' = 0.9 s + 0.5 a, r = -(s² + 0.4 a²), truncated after 10 steps: LQR in one dimension."""

    observation_space = Box(-UNBOUNDED, UNBOUNDED, (1,))
    action_space = Box(-1.0, 1.0, (1,))
    length = 10

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        super().reset(seed=seed)
        self.state, self.steps = float(self.np_random.uniform(-1.0, 1.0)), 0
        return np.array([self.state], np.float32), {}

    def step(self, action: np.ndarray):
        reward = -(STATE_COST * self.state**2 + ACTION_COST * float(action[0]) ** 2)
        self.state = DECAY * self.state + GAIN * float(action[0])
        self.steps += 1
        over = self.steps >= self.length
        return np.array([self.state], np.float32), reward, False, over, {}


class LinearQuadraticBesideOne(BesideOne, LinearQuadratic):
    """The same, seen in two dimensions."""


class Long(LinearQuadratic):
    """The same, truncated after 200 steps."""

    length = 200


class Unseeded(LinearQuadratic):
    """The same with noise from a generator that no reset seeds."""

    noise = np.random.default_rng(0)

    def step(self, action: np.ndarray):
        observation, reward, terminated, truncated, info = super().step(action)
        return observation + self.noise.normal(), reward, terminated, truncated, info


class Clock(gymnasium.Env):
    """Says the time; ends after `length` steps as told; keeps the actions it was given."""

    observation_space = Box(-UNBOUNDED, UNBOUNDED, (2,))
    action_space = Box(np.array([-2.0, 0.0], np.float32), np.array([4.0, 1.0], np.float32))

    def __init__(
        self,
        length: int = 7,
        terminates: bool = False,
        reward: float = 1.0,
        broken_at: int = -1,
        breaks: str = "reward",
        render_mode: str | None = None,
    ) -> None:
        self.length, self.terminates, self.reward = length, terminates, reward
        self.broken_at, self.breaks, self.render_mode = broken_at, breaks, render_mode
        self.actions: list[np.ndarray] = []
        self.seeds: list[int | None] = []

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        super().reset(seed=seed)
        self.seeds.append(seed)
        self.time = 0
        return np.array([0.0, float(self.np_random.random())]), {}

    def step(self, action: np.ndarray):
        self.actions.append(np.array(action))
        self.time += 1
        over = self.time >= self.length
        observation = np.array([float(self.time), 0.0])
        reward = self.reward
        if self.time == self.broken_at:
            if self.breaks == "reward":
                reward = float("nan")
            elif self.breaks == "physics":
                raise PhysicsError("bad qacc")
            else:
                observation[0] = float("inf")
        return observation, reward, over and self.terminates, over and not self.terminates, {}


class Parts(gymnasium.Env):
    """An observation of named parts and a matrix of actions."""

    parts = Dict({"b": Box(-9.0, 9.0, (2,)), "a": Box(-9.0, 9.0, (1, 3))})
    observation_space = parts
    action_space = Box(-1.0, 1.0, (2, 2))

    def __init__(self, render_mode: str | None = None) -> None:
        self.given: Any = None

    def _observation(self) -> dict[str, np.ndarray]:
        a, b = np.array([[1.0, 2.0, 3.0]]), np.array([4.0, 5.0])
        return {key: {"a": a, "b": b}[key] for key in self.parts.spaces}

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        return self._observation(), {}

    def step(self, action: np.ndarray):
        self.given = action
        return self._observation(), 0.0, False, False, {}


class Choices(Clock):
    """Actions that are no box."""

    action_space = Discrete(3)


class Names(Clock):
    """Observations that are no box."""

    observation_space = Discrete(3)


class Unbounded(Clock):
    """Actions without bounds."""

    action_space = Box(-np.inf, np.inf, (2,))


class Blind(Clock):
    """Knows of no render mode."""

    def __init__(self) -> None:
        super().__init__()


class Drawn(LinearQuadratic):
    """Draws itself, at a rate of its own, and tells no time."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 5}  # noqa: RUF012

    def render(self) -> np.ndarray:
        picture = np.zeros((30, 40, 3), np.uint8)
        picture[:, 3 * self.steps : 3 * self.steps + 3] = 255
        return picture


MADE = (
    OneStep,
    OneStepCut,
    LinearQuadratic,
    LinearQuadraticBesideOne,
    Long,
    Unseeded,
    Clock,
    Parts,
    Choices,
    Names,
    Unbounded,
)
for _made in (*MADE, Blind, Drawn):
    gymnasium.register(
        f"{_made.__name__}-v0",
        f"tests.environments:{_made.__name__}",
        max_episode_steps=LONGEST,
        order_enforce=False,
    )
gymnasium.register("Endless-v0", "tests.environments:Clock", kwargs={"length": 10**9})
gymnasium.register(
    "Terminating-v0",
    "tests.environments:Clock",
    max_episode_steps=LONGEST,
    kwargs={"terminates": True},
)
for _breaks in ("reward", "observation", "physics"):
    gymnasium.register(
        f"Broken{_breaks.capitalize()}-v0",
        "tests.environments:Clock",
        max_episode_steps=LONGEST,
        kwargs={"broken_at": 5, "breaks": _breaks},
    )


def optimal_gain(discount: float) -> float:
    """k of the optimal a = -k s of `LinearQuadratic`, by iterating the discounted Riccati map."""
    p = gain = 0.0
    for _ in range(10_000):
        gain = discount * p * DECAY * GAIN / (ACTION_COST + discount * p * GAIN**2)
        p = STATE_COST + discount * p * DECAY * (DECAY - GAIN * gain)
    return gain
