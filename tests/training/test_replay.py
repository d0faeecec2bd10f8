"""The replay buffer against a list of episodes: sequences never cross an episode's end."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from mpo.algorithm.batch import Batch
from mpo.training.replay import Replay


class Model:
    """The same decisions as a plain list; `number` names each by its place in time."""

    def __init__(self, capacity: int) -> None:
        self.replay = Replay(capacity, 2, 1)
        self.episodes: list[list[int]] = [[]]
        self.ended: dict[int, bool] = {}
        """By the number of an episode's last decision: whether it terminated."""
        self.number = 0

    def decide(self, ending: str) -> None:
        """One decision, which terminates or truncates the episode or leaves it under way."""
        n, start = self.number, not self.episodes[-1]
        first = 1000.0 * len(self.episodes) if start else float(n)
        self.replay.add(
            np.array([first, len(self.episodes)], np.float32),
            np.array([n + 0.5], np.float32),
            10.0 * n,
            -float(n),
            ending == "terminated",
            np.array([n + 1, len(self.episodes)], np.float32),
        )
        self.episodes[-1].append(n)
        self.number += 1
        if ending != "no":
            self.ended[n] = ending == "terminated"
            self.end()

    def end(self) -> None:
        self.replay.end_episode()
        self.episodes.append([])

    def place(self, n: int) -> tuple[int, int]:
        """Index of the episode that holds decision n, and n's place in it."""
        for index, episode in enumerate(self.episodes):
            if n in episode:
                return index, episode.index(n)
        raise AssertionError(n)


def check_sequence(model: Model, batch: Batch, s: int, length: int, endpoints: bool) -> int:
    """Hold sequence s to the model; the number of the decision it starts at."""
    start = round(float(batch.action[0, s, 0]) - 0.5)
    index, offset = model.place(start)
    rest = model.episodes[index][offset : offset + length]
    valid = int(batch.valid[:, s].sum())
    assert valid == len(rest)
    assert batch.valid[:valid, s].all()
    label = float(index + 1)
    first = 1000.0 * label if offset == 0 else float(start)
    assert batch.observation[0, s].tolist() == [first, label]
    for k, n in enumerate(rest):
        assert float(batch.reward[k, s]) == 10.0 * n
        assert bool(batch.terminated[k, s]) is model.ended.get(n, False)
        if not endpoints:
            assert batch.observation[k + 1, s].tolist() == [n + 1, label]
            assert float(batch.action[k, s, 0]) == n + 0.5
            assert float(batch.behaviour_log_prob[k, s]) == -float(n)
    assert batch.observation[-1, s].tolist() == [rest[-1] + 1, label]
    assert float(batch.behaviour_log_prob[0, s]) == -float(start)
    assert (batch.reward[valid:, s] == 0.0).all()
    assert (batch.terminated[valid:, s] == 0.0).all()
    return start


endings = st.sampled_from(["no", "no", "no", "terminated", "truncated"])


@examples(max_examples=150)
@given(
    st.integers(2, 15),
    st.lists(endings, min_size=1, max_size=60),
    st.integers(1, 6),
    st.booleans(),
    st.booleans(),
)
def test_sequences_are_those_of_the_episodes(
    capacity: int, decisions: list[str], length: int, endpoints: bool, cut: bool
) -> None:
    """Through wrap-arounds of the ring, with an episode under way or just ended."""
    model = Model(capacity)
    for ending in decisions:
        model.decide(ending)
    if cut and model.episodes[-1]:
        model.end()
    if not model.replay.decision.any():
        return
    batch = model.replay.sample(np.random.default_rng(0), 30, length, endpoints)
    pairs = 1 if endpoints else length
    assert batch.observation.shape == (pairs + 1, 30, 2)
    assert batch.action.shape == (pairs, 30, 1)
    assert batch.behaviour_log_prob.shape == (pairs, 30)
    assert batch.reward.shape == batch.terminated.shape == batch.valid.shape == (length, 30)
    for tensor in batch:
        assert torch.isfinite(tensor).all()
    starts = [check_sequence(model, batch, s, length, endpoints) for s in range(30)]
    assert min(starts) >= model.number - capacity


@pytest.mark.parametrize("capacity", [5, 12])
def test_starts_are_uniform_over_all_decisions_kept(capacity: int) -> None:
    """Each decision still in the ring is drawn, the newest and oldest included."""
    model = Model(capacity)
    for n in range(23):
        model.decide("truncated" if n % 4 == 3 else "no")
    batch = model.replay.sample(np.random.default_rng(0), 20_000, 2, False)
    numbers, counts = np.unique(batch.action[0, :, 0].numpy() - 0.5, return_counts=True)
    rows = model.replay.decision.sum()
    assert len(numbers) == rows
    assert numbers.max() == 22
    np.testing.assert_allclose(counts / 20_000, 1.0 / rows, atol=0.02)


def test_capacity_counts_rows_of_last_observations_too() -> None:
    model = Model(8)
    for _ in range(20):
        model.decide("no")
    assert model.replay.decision.sum() == 8


def test_memory_starts_as_nan() -> None:
    replay = Replay(4, 2, 1)
    for name in ("observation", "action", "reward", "behaviour_log_prob", "terminated"):
        assert np.isnan(getattr(replay, name)).all()


def test_nothing_to_sample_from_is_said() -> None:
    with pytest.raises(ValueError, match="no decision was added"):
        Replay(4, 2, 1).sample(np.random.default_rng(0), 3, 2, False)


@pytest.mark.parametrize("under_way", [False, True])
def test_clear_forgets_everything(under_way: bool) -> None:
    model = Model(10)
    for ending in ["no", "no", "terminated", "no", "no" if under_way else "truncated"]:
        model.decide(ending)
    model.replay.clear()
    with pytest.raises(ValueError, match="no decision"):
        model.replay.sample(np.random.default_rng(0), 3, 2, False)
    if under_way:
        model.end()
    before = model.number
    model.decide("no")
    model.decide("truncated")
    batch = model.replay.sample(np.random.default_rng(0), 50, 3, False)
    starts = {check_sequence(model, batch, s, 3, False) for s in range(50)}
    assert starts == {before, before + 1}


@pytest.mark.parametrize("count", [3, 40])
@pytest.mark.parametrize("under_way", [False, True])
def test_restored_buffer_goes_on_as_the_original(count: int, under_way: bool) -> None:
    model = Model(12)
    for n in range(count):
        last = n == count - 1
        model.decide("truncated" if n % 5 == 4 or (last and not under_way) else "no")
    other = Replay(12, 2, 1)
    other.restore(model.replay.state())
    original = model.replay
    for _ in range(2):
        batches = [b.sample(np.random.default_rng(1), 20, 4, False) for b in (original, other)]
        for ours, theirs in zip(*batches, strict=True):
            assert torch.equal(ours, theirs)
        for buffer in (original, other):
            observation = np.ones(2, np.float32)
            buffer.add(observation, np.ones(1, np.float32), 1.0, 0.0, True, observation)
            buffer.end_episode()


def test_state_is_no_copy_and_what_is_restored_is_one() -> None:
    model, other = Model(4), Replay(4, 2, 1)
    model.decide("no")
    state = model.replay.state()
    other.restore(state)
    model.replay.observation[0] = 77.0
    rows = state["rows"]
    assert isinstance(rows, torch.Tensor)
    assert (rows == 77.0).any()
    assert not (other.observation == 77.0).any()


def test_state_holds_the_rows_in_use_only() -> None:
    model = Model(1000)
    for _ in range(5):
        model.decide("no")
    rows = model.replay.state()["rows"]
    assert isinstance(rows, torch.Tensor)
    assert rows.shape[0] == 6
    assert rows.untyped_storage().nbytes() == rows.nbytes
