"""A training episode is brought back by its seed and its actions, or that is refused."""

import numpy as np
import pytest

from mpo.training import checkpoints
from mpo.training.environment import Environment
from mpo.training.rollout import Rollout, Unrepeatable
from tests.environments import PREFIX


def under_way(environment: Environment, decisions: int = 5, seed: int = 3) -> Rollout:
    rollout, draws = Rollout(environment, seed), np.random.default_rng(0)
    for _ in range(decisions):
        rollout.step(draws.normal(size=environment.action_size).astype(np.float32))
    return rollout


def brought_back(saved: dict, name: str, repeat: int = 1) -> Rollout:
    """The rollout in a new simulator."""
    rollout = Rollout.restored(Environment(PREFIX + name, repeat), saved)
    for _ in rollout.catch_up():
        pass
    return rollout


@pytest.mark.parametrize("repeat", [1, 2])
def test_it_goes_on_as_the_original(repeat: int, tmp_path) -> None:
    original = under_way(Environment(PREFIX + "LinearQuadratic-v0", repeat), 3)
    checkpoints.save(tmp_path, original.state())
    saved, _ = checkpoints.load(tmp_path)
    assert saved is not None
    other = brought_back(saved, "LinearQuadratic-v0", repeat)
    while not original.over:
        steps = [rollout.step(np.array([0.3], np.float32)) for rollout in (original, other)]
        assert steps[0] == steps[1]
    assert other.over
    assert (other.seed, other.total) == (original.seed, original.total)
    np.testing.assert_array_equal(np.stack(other.actions), np.stack(original.actions))


def test_actions_are_given_again_as_they_were_unclipped_and_of_their_type() -> None:
    environment = Environment(PREFIX + "Clock-v0")
    rollout = under_way(environment)
    for _ in Rollout.restored(environment, rollout.state()).catch_up():
        pass
    given = environment._gymnasium.unwrapped.actions  # type: ignore[attr-defined]
    assert np.abs(np.stack(rollout.actions)).max() > 1.0
    np.testing.assert_array_equal(np.stack(given[:5]), np.stack(given[5:]))
    assert given[0].dtype == given[5].dtype


def test_while_it_catches_up_its_state_is_what_was_saved() -> None:
    rollout = under_way(Environment(PREFIX + "LinearQuadratic-v0"))
    saved = rollout.state()
    other = Rollout.restored(Environment(PREFIX + "LinearQuadratic-v0"), saved)
    moments = 0
    for _ in other.catch_up():
        moments += 1
        assert repr(other.state()) == repr(saved)
    assert moments == 5


@pytest.mark.parametrize(
    ("field", "change", "said"),
    [
        ("seed", 1, "entry 0 of the observation was"),
        ("observation", 0.001, "entry 0 of the observation was"),
        ("total", 1e-12, "the rewards' sum was"),
    ],
)
def test_another_state_than_it_had_is_refused(field: str, change: float, said: str) -> None:
    saved = under_way(Environment(PREFIX + "LinearQuadratic-v0")).state()
    saved[field] = saved[field] + change
    with pytest.raises(Unrepeatable, match=f"5 of the same 5 actions, {said} .*, now "):
        brought_back(saved, "LinearQuadratic-v0")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Terminating-v0", "7 of the same 8 actions, the episode is over"),
        ("BrokenReward-v0", "5 of the same 8 actions, .*the reward is nan"),
    ],
)
def test_an_episode_that_ends_or_breaks_before_it_had_is_refused(name: str, said: str) -> None:
    longer = Environment(PREFIX + "Clock-v0")
    longer._gymnasium.unwrapped.length = 20  # type: ignore[attr-defined]
    saved = under_way(longer, 8).state()
    with pytest.raises(Unrepeatable, match=f"by the same seed 3 and {said}"):
        brought_back(saved, name)
