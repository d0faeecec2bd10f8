"""A replay whose rows lie elsewhere: the batches that a replay of its own would give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mpo.algorithm.networks import Networks
from mpo.settings import Settings, option
from mpo.training.cohort.desk import Desk, Sizes
from mpo.training.cohort.feed import Feed
from mpo.training.cohort.storage import Storage
from mpo.training.replay import Replay
from tests.learning import ACTION, OBSERVATION, small

pytestmark = pytest.mark.usefixtures("unchecked")
RUNS = 2


def desk_of(chosen: Settings) -> tuple[Desk, Storage]:
    networks = Networks(chosen, OBSERVATION, ACTION)
    desk = Desk(Sizes.of(networks, RUNS, 1))
    return desk, Storage(networks, desk, torch.device("cpu"))


def decision(rng: np.random.Generator, observation: np.ndarray) -> tuple[Any, ...]:
    action, following = rng.normal(size=ACTION), rng.normal(size=OBSERVATION)
    return observation, action, float(rng.normal()), float(rng.normal()), False, following


def batch_of(replay: Replay, chosen: Settings, seed: int):
    returns = option("returns", chosen.returns)
    sizes = returns.sequences(chosen), returns.length(chosen), returns.ENDPOINTS
    return replay.sample(np.random.default_rng(seed), *sizes)


@pytest.mark.parametrize("returns", ["retrace", "n_step"])
@given(seed=st.integers(0, 2**16), capacity=st.integers(2, 40), decisions=st.integers(1, 90))
def test_a_fed_replay_gives_the_batches_of_a_replay(
    returns: str, seed: int, capacity: int, decisions: int
) -> None:
    """Whatever the ring's size, wherever episodes end, and however often rows are handed on."""
    chosen = small({"returns": returns}, replay_capacity=capacity)
    desk, storage = desk_of(chosen)
    rng = np.random.default_rng(seed)
    own = Replay(desk.sizes.capacity - 1, OBSERVATION, ACTION)
    fed = Feed(desk, 1, OBSERVATION, ACTION)
    observation = rng.normal(size=OBSERVATION)
    for _ in range(decisions):
        if fed.full or rng.random() < 0.2:
            storage.store()
        written = decision(rng, observation)
        for replay in (own, fed):
            replay.add(*written)
        observation = written[-1]
        if rng.random() < 0.3:
            observation = rng.normal(size=OBSERVATION)
            for replay in (own, fed):
                replay.end_episode()
    fed.draw(np.random.default_rng(seed))
    storage.store()
    ours, theirs = storage.batch(), batch_of(own, chosen, seed)
    for name, mine, other in zip(ours._fields, ours, theirs, strict=True):
        assert torch.equal(mine[1], other), name
        assert mine[1].stride() == other.stride(), name


def test_a_desk_in_the_same_block_is_the_same_desk() -> None:
    chosen = small({}, replay_capacity=5, policy_average=2)
    desk, _ = desk_of(chosen)
    other = Desk(desk.sizes, desk.block)
    for name in ("acting", "evaluated", "rows", "index", "valid", "phase", "seconds", "pause"):
        array = getattr(desk, name)
        array[...] = np.arange(array.size).reshape(array.shape) % 7
    for name in ("acting", "evaluated", "rows", "index", "valid", "phase", "seconds", "pause"):
        assert np.array_equal(getattr(desk, name), getattr(other, name)), name
    starts = [row.__array_interface__["data"][0] % 64 for row in desk.acting]
    assert len(set(starts)) == 1
