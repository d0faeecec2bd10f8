"""Training episodes, played a decision at a time by the sampled policy into the replay."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from mpo.training.actor import Actor
from mpo.training.checkpoints import generator_state, restore_generator
from mpo.training.clock import Clock
from mpo.training.environment import Environment
from mpo.training.replay import Replay
from mpo.training.rollout import Rollout
from mpo.training.seeds import Seeds, Stream


class Collector:
    """The simulator of the training episodes, and how far they are.

    An episode's reset seed is derived from its index.
    """

    def __init__(self, environment: Environment, seeds: Seeds, clock: Clock) -> None:
        """Nothing else may use the simulator."""
        self.environment = environment
        self.step = 0
        """Control steps so far."""
        self.episodes = 0
        """Episodes that ended, and so the index of the one under way."""
        self.rollout: Rollout | None = None
        """The episode under way."""
        self._seeds, self._clock = seeds, clock
        self._behaviour = np.random.default_rng(seeds.of(Stream.BEHAVIOUR))

    def decide(self, actor: Actor, replay: Replay) -> int:
        """One decision of the episode under way, or the first of the next; its control steps.

        Raises `Diverged` where policy or simulator stop being finite.
        """
        clock = self._clock
        if self.rollout is None:
            with clock.part("environment"):
                seed = self._seeds.of(Stream.EPISODE, self.episodes)
                self.rollout = Rollout(self.environment, seed)
        observation = self.rollout.observation
        with clock.part("act"):
            action, log_prob = actor.sample(observation, self._behaviour)
        with clock.part("environment"):
            step = self.rollout.step(action)
        replay.add(observation, action, step.reward, log_prob, step.terminated, step.observation)
        self.step += step.control_steps
        return step.control_steps

    def end_episode(self, replay: Replay) -> None:
        """Be done with the episode under way, which is over or is cut here."""
        replay.end_episode()
        self.episodes += 1
        self.rollout = None

    # --- checkpoints ------------------------------------------------------------------------
    def state(self) -> dict[str, Any]:
        """Counters, the generator, and what brings the episode under way back."""
        return {
            "step": self.step,
            "episodes": self.episodes,
            "behaviour": generator_state(self._behaviour),
            "rollout": self.rollout and self.rollout.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Back to a `state()`, but for the simulator, which `catch_up` brings there."""
        self.step, self.episodes = state["step"], state["episodes"]
        restore_generator(self._behaviour, state["behaviour"])
        rollout = state["rollout"]
        self.rollout = rollout and Rollout.restored(self.environment, rollout)

    def catch_up(self) -> Iterator[None]:
        """Give the simulator the actions of the episode under way again, one from item to item.

        Raises `Unrepeatable` where it does not come to where it was.
        """
        if self.rollout is not None and not self.rollout.over:
            yield from self.rollout.catch_up()
