"""The protocol of SR's code: collect, learn, forget (`seed_report` and what is based on it).

SR is Chen, Chin, Li and Chen 2021, "Replication: Maximum a Posteriori Policy Optimisation". One
iteration collects 50 episodes cut at 300 control steps by the target policy, goes 3 times through
what it collected in batches of 128 states, copies the online networks into the targets, and clears
the replay. For each batch the critic takes a TD(0) step; η is solved by SLSQP on 64 samples of the
target policy at s_t; the policy takes 5 M-steps. Settings give all these numbers.

Faults of that code, kept on purpose, of which settings mend the first three:
- the likelihood is averaged over the samples too, which makes it 64 times too small
  (`samples_averaged`);
- the replay forgets at an iteration's end (`replay_cleared`);
- no termination mask: the target bootstraps beyond an episode's end (`ends_bootstrapped`), which no
  task of the suite shows, since none of them terminates;
- C_μ holds Σ_i^-1 beside the joint likelihood, so that its gradient does not reach Σ;
- the determinants of C_Σ are clamped at 1e-6;
- the target policy acts, not the online one;
- the mean goes through a sigmoid scaled to the action range;
- η starts from U(0, 1), and stays as it is where the raw dual overflows (float64: Q/η near 710);
- the multipliers start at 0 and step before the policy by plain gradient steps of 1 and 100,
  capped at 0.1 and 10.

As SR's code does, and as its counts of updates imply:
- the last decision of an episode that was cut is not learnt from, and neither are the decisions
  left over once a pass is divided into whole batches: 348 batches for 15,000 steps;
- critic and E-step see the action unclipped; covariance L Lᵀ, diag L = softplus, without a minimum;
- PyTorch's default initialisation.

Choices of ours: an episode that terminates keeps its last decision (those of SR's tasks never do);
the squared loss is d²/2, as in the rest of the package, which Adam does not notice; evaluations
use the mean action, while SR sampled them: `behaviour_return` is the return of sampled actions.
SLSQP is given the dual's exact derivative. An evaluation falls due at the first iteration's end
at or after its step, and is recorded at its step. The budget may cut the last iteration short.
"""

from typing import Any

import numpy as np
import torch
from jaxtyping import Int

from mpo.training.actor import Actor
from mpo.training.protocols.iterations.learner import Learner
from mpo.training.protocols.iterations.networks import Networks
from mpo.training.protocols.iterations.update import Pairs
from mpo.training.replay import Replay
from mpo.training.seeds import Stream
from mpo.training.session import Doing, Session, Walk


def usable(replay: Replay) -> Int[np.ndarray, " D"]:
    """Rows of the decisions that are learnt from: all but the last of an episode that was cut."""
    rows = np.flatnonzero(replay.decision[: replay.written])
    followed = replay.decision[(rows + 1) % replay.capacity] == 1.0
    return rows[followed | (replay.terminated[rows] == 1.0)]


def pairs(replay: Replay, rows: Int[np.ndarray, " B"]) -> Pairs:
    """The batch of the decisions in these rows."""
    arrays = (
        replay.observation[rows],
        replay.action[rows],
        replay.reward[rows],
        replay.observation[(rows + 1) % replay.capacity],
        replay.terminated[rows],
    )
    return Pairs(*(torch.from_numpy(array) for array in arrays))


class Training(Session[Learner]):
    """One run under way."""

    def _build(self, observation_size: int, action_size: int) -> None:
        s = self.settings
        assert s.episode_steps is not None  # `mpo.settings.combinations` sees to it
        self.networks = networks = Networks(s, observation_size, action_size)
        seeds = self._seeds.of(Stream.INITIALISATION), self._seeds.of(Stream.NOISE)
        self.learner = Learner(networks, *seeds)
        self._compiles_next = self.learner.compiled
        self.actor = self.evaluated = Actor(networks, self.learner.evaluated_parameters())
        rows = s.iteration_episodes * (s.episode_steps // s.action_repeat + 1)
        capacity = rows if s.replay_cleared else max(rows, s.replay_capacity)
        self.replay = Replay(capacity, observation_size, action_size)
        self._begun = 0
        """Rows written when the iteration began."""
        self._batches: Int[np.ndarray, "K B"] | None = None
        """Rows of the batches that are still to be learnt from; None while collecting."""

    def _value(self, observation: np.ndarray, action: np.ndarray) -> float:
        return self.learner.value(observation, action)

    def _settle(self) -> Walk:
        """At an iteration's end: learn, refresh, forget, and evaluate what fell due."""
        self._end_episode()
        if not (self._between_iterations or self.finished):
            return
        if self.replay.written > self._begun:
            yield from self._learn()
            if self.settings.replay_cleared:
                self.replay.clear()
            self._begun = self.replay.written
            if self.learner.updates > self.logs.updates:
                self._log()
        if self._evaluation_due:
            yield from self._evaluate()

    @property
    def _between_iterations(self) -> bool:
        within = self._collector.rollout is not None
        return not within and self.episodes % self.settings.iteration_episodes == 0

    def _learn(self) -> Walk:
        """`passes` times through the iteration, a batch from item to item, then the targets."""
        if self._batches is None:
            self._batches = np.concatenate([self._pass() for _ in range(self.settings.passes)])
        while len(self._batches):
            if self._compiles_next:
                self._compiles_next, self.doing = False, Doing.COMPILING
                yield
            with self.clock.part("update"):
                self.learner.update(pairs(self.replay, self._batches[0]))
            self._batches, self.doing = self._batches[1:], Doing.LEARNING
            yield
        self.learner.refresh()
        self._batches, self.doing = None, Doing.COLLECTING

    def _pass(self) -> Int[np.ndarray, "K B"]:
        """Rows of usable decisions in random order and whole batches, none of them twice.

        They are as many as the iteration collected: these, where the replay holds no others.
        """
        rows, size, written = usable(self.replay), self.settings.batch_size, self.replay.written
        age = (written - rows) % self.replay.capacity
        whole = int(((age > 0) & (age <= written - self._begun)).sum()) // size
        return self._sampling.permutation(rows)[: whole * size].reshape(whole, size)

    # --- checkpoints ------------------------------------------------------------------------
    def checkpoint(self) -> dict[str, Any]:
        """What the rest of the run depends on; arrays as they lie, to be saved at once."""
        batches = None if self._batches is None else torch.from_numpy(self._batches)
        return {**super().checkpoint(), "batches": batches, "begun": self._begun}

    def restore(self, checkpoint: dict[str, Any]) -> None:
        """Back to a `checkpoint()`; the simulator follows at the beginning of the `walk`."""
        super().restore(checkpoint)
        self._begun = checkpoint["begun"]
        batches = checkpoint["batches"]
        self._batches = None if batches is None else batches.numpy()
