"""Small learners, batches of made-up episodes, and compiled updates beside eager ones."""

from typing import Any

import numpy as np
import torch

from mpo.algorithm.batch import Batch
from mpo.algorithm.learner import Learner
from mpo.algorithm.metrics import METRICS
from mpo.algorithm.networks import Networks
from mpo.algorithm.update import State, Update
from mpo.settings import Settings, option, settings
from mpo.study.entries import load_variants
from mpo.training.replay import Replay
from tests.apart import apart

OBSERVATION, ACTION = 3, 2
SMALL: dict[str, Any] = {
    "policy_hidden": (7, 6),
    "critic_hidden": (8, 6),
    "batch_size": 16,
    "action_samples": 5,
    "compile": False,
}
VARIANTS = {
    name: variant.settings
    for name, variant in load_variants().items()
    if not (variant.external or variant.generated) and "protocol" not in variant.settings
}
"""The variants that train off policy; tests/training/protocols/iterations examines the others."""


def small(fields: dict[str, Any], **more: Any) -> Settings:
    """Settings of a small learner; sequences of 4 steps, so that batches hold several."""
    return settings({**SMALL, "sequence_length": 4, **fields, **more})


def filled(
    seed: int, decisions: int = 120, scale: float = 1.0, action_size: int = ACTION
) -> Replay:
    """A buffer of random episodes of 1 to 9 steps, some terminated, the last under way."""
    rng = np.random.default_rng(seed)
    replay = Replay(decisions, OBSERVATION, action_size)
    left = 0
    observation = rng.normal(size=OBSERVATION)
    for _ in range(decisions - 20):
        if left == 0:
            left, observation = int(rng.integers(1, 10)), rng.normal(size=OBSERVATION)
        following = rng.normal(size=OBSERVATION)
        left -= 1
        terminated = left == 0 and rng.random() < 0.5
        action = 1.2 * rng.normal(size=action_size)
        density = float(rng.normal() - 2.5)
        replay.add(observation, action, scale * rng.normal(), density, terminated, following)
        observation = following
        if left == 0:
            replay.end_episode()
    return replay


def drawn(replay: Replay, chosen: Settings, seed: int) -> Batch:
    """A batch as training draws it, in PyTorch's default type."""
    returns = option("returns", chosen.returns)
    rng = np.random.default_rng(seed)
    batch = replay.sample(rng, returns.sequences(chosen), returns.length(chosen), returns.ENDPOINTS)
    return Batch(*(tensor.to(torch.get_default_dtype()) for tensor in batch))


def learner(
    chosen: Settings, seed: int = 0, spread: float = 0.3, action_size: int = ACTION
) -> Learner:
    """A learner whose networks and targets differ, as they do between refreshes."""
    made = Learner(Networks(chosen, OBSERVATION, action_size), seed, seed + 1)
    generator = torch.Generator().manual_seed(seed + 2)
    for vector in (
        made.state.policy.parameters,
        made.state.critic.parameters,
        made.state.target_policy,
        made.state.target_critic,
    ):
        noise = torch.randn(vector.shape, generator=generator)
        vector.add_(spread * noise.to(vector.device))
    return made


def one_update(
    chosen: Settings, batch: Batch, state: State | None = None
) -> tuple[State, dict[str, float]]:
    """A pure update of a fixed learner, and its metrics."""
    made = learner(chosen)
    pairs = batch.action.shape[0] * batch.action.shape[1]
    shape = (chosen.action_samples, pairs, ACTION)
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(9))
    new, reported = Update(made.networks)(state or made.state, batch, noise)
    return new, dict(zip(METRICS, reported.tolist(), strict=True))


def compiled_against_eager(made: list[dict[str, Any]], action_size: int = ACTION) -> float:
    """The largest difference between three compiled and three eager updates of each of small
    learners with these fields, one after the other in one process, apart from the tests'.
    """
    return apart(_compiled_against_eager, made, action_size)


def _compiled_against_eager(made: list[dict[str, Any]], action_size: int) -> float:
    torch._dynamo.reset()  # frees what earlier calls compiled
    replay, worst = filled(0, action_size=action_size), 0.0
    for fields in made:
        torch.manual_seed(0)
        eager, compiled = (
            learner(small({**fields, "compile": mode}), action_size=action_size)
            for mode in (False, True)
        )
        assert compiled.compiled and not eager.compiled
        for index in range(3):
            for one in (eager, compiled):
                one.update(drawn(replay, one.settings, index))
        for ours, theirs in zip(_tensors(eager), _tensors(compiled), strict=True):
            worst = max(worst, float((ours - theirs).abs().max() / (1e-3 + ours.abs().max())))
    return worst


def _tensors(made: Learner) -> tuple[torch.Tensor, ...]:
    """What three updates have moved, and each metric by itself, since their sizes differ so."""
    state, sums = made.state, made.take_sums().nan_to_num()
    moments = state.policy.first, state.critic.first
    return *moments, state.multipliers.parameters, *sums.flatten()
