"""Training of a run: when it updates, evaluates and logs, and what a checkpoint holds."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mpo.algorithm.gaussian import log_prob
from mpo.algorithm.metrics import COUNTS, METRICS
from mpo.algorithm.networks import unflatten
from mpo.settings import Settings
from mpo.training.clock import Clock
from mpo.training.environment import Diverged, Environment, EnvironmentFault
from mpo.training.protocols.off_policy import Training
from mpo.training.seeds import Seeds, Stream
from mpo.training.session import Doing, Walk
from tests.environments import PREFIX
from tests.runs import finish, saved_on_the_way, seeds, tiny, walk_until

pytestmark = pytest.mark.usefixtures("unchecked")


def begun(chosen: Settings, seed: int = 0) -> Training:
    return Training(chosen, seeds(seed), Clock())


def clock_of(environment: Environment) -> Any:
    return environment._gymnasium.unwrapped


def played(chosen: Settings, seed: int = 0) -> Training:
    training = begun(chosen, seed)
    finish(training)
    return training


def test_one_update_for_every_so_many_steps_once_the_replay_is_filled() -> None:
    training = played(tiny())
    assert training.step == 160
    # steps 24 to 160 are owed: 137 of them, an update for every 4
    assert training.learner.updates == 137 // 4
    assert training.replay.decisions == 160
    assert training.episodes == 16


@pytest.mark.parametrize("repeat", [2, 3])
def test_steps_count_action_repeats(repeat: int) -> None:
    training = played(tiny(action_repeat=repeat, steps=180))
    per_episode = math.ceil(10 / repeat)
    assert training.step == 180
    assert training.replay.decisions == 18 * per_episode
    lengths = {row["length"] for row in training.evaluations}
    assert lengths == {10}


def test_evaluations_come_at_their_points_with_their_counts() -> None:
    training = played(tiny(evaluation_episodes=2, evaluation_final_episodes=3))
    steps = [row["step"] for row in training.evaluations]
    assert steps == [40, 40, 80, 80, 120, 120, 160, 160, 160]
    assert [row["episode"] for row in training.evaluations] == [0, 1, 0, 1, 0, 1, 0, 1, 2]
    assert all(math.isfinite(row["value_estimate"]) for row in training.evaluations)


def test_evaluation_points_fall_between_the_steps_of_an_action_repeat() -> None:
    training = played(tiny(action_repeat=3, steps=180, evaluation_points=7))
    steps = sorted({row["step"] for row in training.evaluations})
    assert steps == [(k + 1) * 180 // 7 for k in range(7)]


def test_logging_rows_average_their_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    single: list[np.ndarray] = []
    ended: list[tuple[int, float]] = []
    training = begun(tiny())
    update, end = training.learner.update, training.logs.ended

    def updated(batch: Any) -> None:
        before = training.learner.sums.clone()
        update(batch)
        single.append((training.learner.sums - before)[0].double().numpy())

    def episode(return_: float) -> None:
        ended.append((training.step, return_))
        end(return_)

    monkeypatch.setattr(training.learner, "update", updated)
    monkeypatch.setattr(training.logs, "ended", episode)
    finish(training)
    for place, row in enumerate(training.logs.training):
        sums = np.sum(single[8 * place : 8 * place + 8], axis=0)
        for name, total in zip(METRICS, sums, strict=True):
            expected = total if name in COUNTS else total / 8
            assert row[name] == pytest.approx(expected, rel=1e-4, abs=1e-6, nan_ok=True), name
        since = training.logs.training[place - 1]["step"] if place else 0
        returns = [return_ for step, return_ in ended if since < step <= row["step"]]
        assert row["behaviour_return"] == pytest.approx(np.mean(returns))
    assert [row["updates"] for row in training.logs.training] == [8, 16, 24, 32]
    assert [row["updates"] for row in training.logs.timing] == [8, 16, 24, 32]
    for row in training.logs.training:
        assert math.isfinite(row["loss_critic"])
        assert 0.0 <= row["outside_box"] <= 1.0
        assert 0.0 < row["effective_sample_size"] <= 5.0
        assert row["behaviour_return"] <= 0.0
    # each training episode that ended lies in exactly one interval
    assert [row["step"] for row in training.logs.training] == [
        24 + 4 * row["updates"] - 1 for row in training.logs.training
    ]


def test_every_stream_has_a_use_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, of = [], Seeds.of

    def asking(self: Seeds, stream: Stream, *index: int) -> int:
        asked.append((stream, *index))
        return of(self, stream, *index)

    monkeypatch.setattr(Seeds, "of", asking)
    training = begun(tiny(), seed=3)
    own = [Stream.BEHAVIOUR, Stream.INITIALISATION, Stream.NOISE, Stream.REPLAY]
    assert sorted(asked) == sorted((stream,) for stream in own)

    def state(stream: Stream) -> Any:
        return np.random.default_rng(of(seeds(3), stream)).bit_generator.state

    assert training._collector._behaviour.bit_generator.state == state(Stream.BEHAVIOUR)
    assert training._sampling.bit_generator.state == state(Stream.REPLAY)
    assert training.learner.noise.initial_seed() == of(seeds(3), Stream.NOISE)


def test_variants_begin_as_pairs() -> None:
    """With one seed: the same networks, and the same draws, whatever else they do."""
    other = {"dual": "stable", "epsilon": 0.2, "backup": "soft", "policy_learning_rate": 1e-3}
    one, two, apart = begun(tiny()), begun(tiny(other)), begun(tiny(), seed=1)
    for training, same in ((two, True), (apart, False)):
        for part in ("policy", "critic"):
            vectors = (getattr(each.learner.state, part).parameters for each in (one, training))
            assert torch.equal(*vectors) is same
        generators = (each._collector._behaviour.bit_generator.state for each in (one, training))
        assert len({str(state) for state in generators}) == (1 if same else 2)
        draws = (each._sampling.bit_generator.state for each in (one, training))
        assert len({str(state) for state in draws}) == (1 if same else 2)
        noises = {each.learner.noise.initial_seed() for each in (one, training)}
        assert len(noises) == (1 if same else 2)


def test_episodes_and_evaluations_start_from_their_derived_seeds() -> None:
    chosen = tiny(environment=PREFIX + "Clock-v0", steps=40, minimum_replay=10_000)
    training = played(chosen, seed=5)
    played_seeds = clock_of(training._collector.environment).seeds
    assert played_seeds == [seeds(5).of(Stream.EPISODE, index) for index in range(6)]
    evaluated = clock_of(training._evaluations.environment).seeds
    counts = [1, 1, 1, 2]
    assert evaluated == [
        seeds(5).of_evaluation(point, index)
        for point, count in enumerate(counts)
        for index in range(count)
    ]


def test_seeds_differ_between_runs_and_repeat() -> None:
    returns = [
        [row["return"] for row in played(tiny(steps=40), seed).evaluations] for seed in (0, 0, 1)
    ]
    assert returns[0] == returns[1] != returns[2]


@pytest.mark.parametrize("name", ["Clock-v0", "Terminating-v0"])
def test_replay_keeps_unclipped_actions_and_endings(name: str) -> None:
    chosen = tiny(environment=PREFIX + name, steps=40, initial_deviation=3.0)
    training = played(chosen)
    replay = training.replay
    rows = replay.decision > 0
    assert np.abs(replay.action[rows]).max() > 1.0
    ended = replay.terminated[rows].sum()
    assert ended == (5 if name == "Terminating-v0" else 0)  # five whole episodes of 7 steps
    given = clock_of(training._collector.environment).actions
    clipped = np.clip(replay.action[rows], -1.0, 1.0)
    native = np.array([-2.0, 0.0]) + (clipped + 1.0) * np.array([3.0, 0.5])
    np.testing.assert_allclose(np.stack(given), native, rtol=1e-5, atol=1e-5)


def test_behaviour_density_is_that_of_the_policy_that_acted() -> None:
    training = begun(tiny(minimum_replay=10_000))  # no update: one policy throughout
    walk_until(training, lambda: training.episodes == 1)
    replay, networks = training.replay, training.networks
    rows = replay.decision > 0
    named = unflatten(training.learner.state.policy.parameters, networks.policy_shapes())
    policy = networks.policy(named, torch.from_numpy(replay.observation[rows]))
    expected = log_prob(networks.covariance, policy, torch.from_numpy(replay.action[rows]))
    np.testing.assert_allclose(replay.behaviour_log_prob[rows], expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("fields", [{}, {"action_repeat": 4, "steps_per_update": 1}])
def test_restored_at_any_moment_it_goes_on_as_the_original(
    fields: dict[str, Any], tmp_path: Path
) -> None:
    """Within episodes and evaluations, before the first update, and at the very end."""
    chosen = tiny(**fields)
    original = played(chosen)
    seen = set()
    for saved in saved_on_the_way(begun(chosen), tmp_path, every=13):
        other = begun(chosen)
        other.restore(saved)
        finish(other)
        seen.add((saved["collector"]["rollout"] is None, bool(saved["evaluations"]["finished"])))
        assert other.evaluations == original.evaluations
        assert [*map(repr, other.logs.training)] == [*map(repr, original.logs.training)]
        np.testing.assert_array_equal(
            other.learner.policy_parameters(), original.learner.policy_parameters()
        )
        assert (other.step, other.episodes) == (160, original.episodes)
    assert len(seen) >= 3


def test_a_compiled_learner_says_so_before_its_first_update() -> None:
    training = begun(tiny())
    training._compiles_next = True
    doing = [(training.doing, training.learner.updates) for _ in training.walk()]
    compiling = [at for at, (what, _) in enumerate(doing) if what is Doing.COMPILING]
    assert len(compiling) == 1
    assert doing[compiling[0]][1] == 0
    assert doing[compiling[0] + 1] == (Doing.COLLECTING, 1)
    assert {what for what, _ in doing} == {Doing.COLLECTING, Doing.COMPILING, Doing.EVALUATING}


@pytest.mark.parametrize("what", ["reward", "observation"])
def test_an_environment_that_breaks_is_at_fault(what: str) -> None:
    name = f"{PREFIX}Broken{what.capitalize()}-v0"
    with pytest.raises(EnvironmentFault, match=f"at control step 5 of .*: the {what} is"):
        played(tiny(environment=name))


def test_training_and_evaluation_are_cut_where_the_settings_say() -> None:
    training = played(tiny(environment=PREFIX + "Endless-v0", episode_steps=8))
    assert (training.step, training.episodes) == (160, 20)
    assert {row["length"] for row in training.evaluations} == {8}
    assert not np.nansum(training.replay.terminated)


def test_a_loss_that_is_not_finite_diverges_after_its_row_is_logged() -> None:
    training = begun(tiny(critic_target_period=1000))
    training.learner.state.critic.parameters[-1] = math.nan
    with pytest.raises(Diverged, match="loss_critic is not finite"):
        finish(training)
    assert [row["updates"] for row in training.logs.training] == [8]


def test_an_update_that_breaks_the_policy_is_named_before_the_action_that_shows_it() -> None:
    """The next row is far off, so that acting notices first; the row is written none the less."""
    training = begun(tiny(critic_target_period=1000, logging_updates=1000))
    walk_until(training, lambda: training.learner.updates == 3)
    training.learner.state.policy.parameters[-1] = math.nan
    training.learner.sums[0][METRICS.index("loss_policy")] = math.nan
    with pytest.raises(Diverged, match="loss_policy is not finite"):
        finish(training)
    assert len(training.logs.training) == 1


def test_an_action_that_is_not_finite_diverges() -> None:
    training = begun(tiny())
    training.learner.state.policy.parameters[-1] = math.nan
    with pytest.raises(Diverged, match="action is not finite"):
        finish(training)


def test_a_bad_task_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="NoSuch-v0"):
        begun(tiny(environment="NoSuch-v0"))


@pytest.mark.parametrize("part", ["critic", "policy"])
def test_a_parameter_that_breaks_after_the_last_row_still_diverges(part: str) -> None:
    """No row and no action shows it any more: a run must not end as completed with it."""
    training = begun(tiny(logging_updates=1000))
    evaluate = training._evaluate

    def evaluating() -> Walk:
        yield from evaluate()
        if training.finished:
            getattr(training.learner.state, part).parameters[-1] = math.nan

    training._evaluate = evaluating  # type: ignore[method-assign]
    with pytest.raises(Diverged, match=f"{part} parameter is not finite"):
        finish(training)
    assert len({row["step"] for row in training.evaluations}) == 4
    assert len(training.logs.training) == 1
