"""Microseconds to act and to step the simulator, and milliseconds of a whole step of training."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np

from mpo.benchmark.subject import ACTION_SIZE, OBSERVATION_SIZE, subject
from mpo.benchmark.updates import milliseconds
from mpo.settings import Settings, settings
from mpo.study.entries import load_tasks
from mpo.study.resources import Size
from mpo.study.workload import EPISODE_STEPS, evaluation_steps
from mpo.training.clock import Clock
from mpo.training.environment import Environment
from mpo.training.seeds import Seeds
from mpo.training.session import Doing

TASK = "hopper-stand"
SCHEDULES = {"off_policy": {"steps_per_update": 4}, "iterations": {"iteration_episodes": 4}}
"""When a protocol updates: once in four control steps; iterations of 4 episodes, so that some are
measured (SR's of 50 have as many updates a step).
"""


@dataclass(frozen=True)
class EnvironmentCost:
    """Microseconds of one control step of hopper-stand, medians over pairs."""

    env_us: float
    """Through `mpo.training.environment`."""
    simulator_us: float
    """dm_control's own step."""
    physics_us: float
    """`mj_step` alone, as often as a control step calls it."""


@dataclass(frozen=True)
class TrainingCost:
    """End to end, with the updates of `SCHEDULES`, evaluation's share included."""

    step_ms: float
    core_s_per_million: float


def act_us(own: Mapping[str, Any], pairs: int, calls: int, device: str = "cpu") -> float:
    """Microseconds to draw one action, which the processor does whatever the device."""
    acting = subject(own, compile=False, device=device)
    made = acting.settings.option("protocol").Actor
    actor = made(acting.networks, acting.learner.evaluated_parameters())
    draws = np.random.default_rng(0)
    observation = draws.standard_normal(OBSERVATION_SIZE).astype(np.float32)

    def act() -> None:
        actor.sample(observation, draws)

    return 1000 * statistics.median(milliseconds(act, calls) for _ in range(pairs))


def environment_cost(pairs: int, calls: int) -> EnvironmentCost:
    """Steps of the three kinds in turn, with random actions from the same start."""
    adapter = Environment(load_tasks()[TASK].environment)
    inner: Any = adapter.simulator.inner  # pyright: ignore[reportAttributeAccessIssue]
    actions = np.random.default_rng(0).uniform(-1, 1, (calls, ACTION_SIZE))
    data, model = inner.physics.data.ptr, inner.physics.model.ptr
    substeps = round(inner.control_timestep() / inner.physics.timestep())
    turn = iter(range(10**9))

    def through_adapter() -> None:
        adapter.step(actions[next(turn) % calls])

    def simulator() -> None:
        inner.step(actions[next(turn) % calls])

    def physics() -> None:
        mujoco.mj_step(model, data, substeps)  # pyright: ignore[reportAttributeAccessIssue]

    found: dict[str, list[float]] = {"adapter": [], "simulator": [], "physics": []}
    for pair in range(pairs):
        for name, step in (("adapter", through_adapter), ("simulator", simulator)):
            adapter.reset(pair)
            found[name].append(1000 * milliseconds(step, calls))
        adapter.reset(pair)
        found["physics"].append(1000 * milliseconds(physics, calls))
    adapter.close()
    return EnvironmentCost(*(statistics.median(values) for values in found.values()))


def task_size(chosen: Settings, steps: int) -> Size:
    """Of the environment of `chosen`, stepped with random actions, a decision's time apart."""
    environment = Environment.of(chosen)
    sizes = environment.observation_size, environment.action_size
    generator = np.random.default_rng(0)
    actions = generator.uniform(-1, 1, (steps, environment.action_size))
    environment.reset(0)
    start, taken, episode = time.perf_counter(), 0, 0
    for action in actions:
        step = environment.step(action)
        taken += step.control_steps
        if step.terminated or step.truncated:
            episode += 1
            environment.reset(episode)
    seconds = time.perf_counter() - start
    environment.close()
    return Size(*sizes, 1e6 * seconds / taken)


def training_cost(
    own: Mapping[str, Any], steps: int, compile_: bool = True, device: str = "cpu"
) -> TrainingCost:
    """Train with the fields `own` for `steps` control steps and weigh parts as a whole run would.

    The updates that compile are left out. Evaluation is weighed as in a run of a million steps,
    which evaluates 25 times.
    """
    protocol = own.get("protocol", "off_policy")
    chosen = settings(
        {
            **own,
            **SCHEDULES[protocol],
            "environment": load_tasks()[TASK].environment,
            "steps": steps,
            "evaluation_points": 1,
            "evaluation_final_episodes": 1,
            "compile": compile_,
            "device": device,
        }
    )
    clock = Clock()
    training = chosen.option("protocol").Training(chosen, Seeds(0, TASK, 0), clock)
    walk = training.walk()
    # off policy the first updates are in the second episode
    while training.episodes < 2 or not training.learner.updates or training.doing is Doing.LEARNING:
        next(walk)
    begun, wall = training.step, clock.wall_s
    for _ in walk:
        pass
    evaluation = clock.seconds["evaluation"]
    step_ms = 1000 * (clock.wall_s - wall - evaluation) / (training.step - begun)
    total = step_ms + 1000 * evaluation / EPISODE_STEPS * evaluation_steps(settings({})) / 1e6
    training.close()
    return TrainingCost(total, 1000 * total)
