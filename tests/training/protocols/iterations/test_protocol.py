"""The protocol of SR's code: what it collects, when it learns and forgets, and what it solves."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mpo.algorithm.networks import unflatten
from mpo.settings import SettingsError, settings
from mpo.settings.combinations import ITERATIONS_ONLY
from mpo.training import replaying, run
from mpo.training.protocols.iterations.learner import Learner
from mpo.training.protocols.iterations.protocol import Training, usable
from mpo.training.protocols.iterations.update import Pairs
from mpo.training.replay import Replay
from mpo.training.session import Doing
from mpo.training.stopping import Interrupted
from tests.environments import OPTIMUM, PREFIX
from tests.runs import contents, finish, job, saved_on_the_way, signalled, walk_until
from tests.training.protocols.iterations.iterating import TINY, VARIANTS, begun, played, tiny


def recorded(monkeypatch: pytest.MonkeyPatch) -> list[Pairs]:
    """The batches that learners are given from now on."""
    batches: list[Pairs] = []
    update = Learner.update

    def recording(self: Learner, pairs: Pairs) -> None:
        batches.append(pairs)
        update(self, pairs)

    monkeypatch.setattr(Learner, "update", recording)
    return batches


@pytest.mark.parametrize("name", ["seed_report", "seed_report_stable_huber", "a kept replay"])
def test_two_runs_have_equal_bytes_and_so_has_a_resumed_one(name: str, tmp_path: Path) -> None:
    kept = {"replay_cleared": False, "replay_capacity": 50}
    chosen = tiny(name) if name in VARIANTS else tiny(**kept)
    jobs = {kind: job(tmp_path / kind, chosen) for kind in ("first", "second", "resumed")}
    for kind in ("first", "second"):
        assert run.train(jobs[kind], bar=False) == "completed"
    assert contents(jobs["first"]) == contents(jobs["second"])
    # the first batch of the second iteration, the last of all, and one in the middle
    with signalled(Learner, "update", 10, 23, 45):
        for _ in range(3):
            with pytest.raises(Interrupted):
                run.train(jobs["resumed"], bar=False)
        assert run.train(jobs["resumed"], bar=False) == "completed"
    assert contents(jobs["resumed"]) == contents(jobs["first"])
    described = json.loads((jobs["resumed"].out / "run.json").read_text())
    assert (described["resumed_at"], described["updates"]) == ([64, 96, 160], 45)


def test_restored_at_any_moment_it_goes_on_as_the_original(tmp_path: Path) -> None:
    """Within episodes, evaluations and phases of learning."""
    original, chosen, seen = played(tiny()), tiny(), set()
    for saved in saved_on_the_way(begun(chosen), tmp_path, every=61):
        other = begun(chosen)
        other.restore(saved)
        finish(other)
        seen.add((saved["batches"] is None, bool(saved["evaluations"]["finished"])))
        assert other.evaluations == original.evaluations
        assert [*map(repr, other.logs.training)] == [*map(repr, original.logs.training)]
        assert torch.equal(other.learner.state.policy[0], original.learner.state.policy[0])
    assert (False, False) in seen
    assert (True, False) in seen


def test_two_seeds_differ() -> None:
    first, second = (played(tiny(), seed).logs.training[-1] for seed in (0, 1))
    assert first["loss_critic"] != second["loss_critic"]


def test_an_iteration_of_the_report_has_348_batches() -> None:
    """50 episodes of 300 steps: 50 · 299 decisions in 116 whole batches of 128, three times."""
    replay = Replay(50 * 301, 1, 1)
    for _ in range(50):
        for step in range(300):
            replay.add(np.array([step]), np.zeros(1), 0.0, 0.0, False, np.array([step + 1]))
        replay.end_episode()
    rows = usable(replay)
    assert len(rows) == 50 * 299
    assert replay.observation[rows].max() == 298.0
    assert 3 * (len(rows) // 128) == 348


def test_a_terminated_episode_keeps_its_last_decision() -> None:
    replay = Replay(10, 1, 1)
    for step in range(3):
        replay.add(np.array([step]), np.zeros(1), 0.0, 0.0, step == 2, np.array([step + 1]))
    replay.end_episode()
    assert usable(replay).tolist() == [0, 1, 2]


def test_each_pass_takes_every_decision_of_its_own_iteration_once_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    batches = recorded(monkeypatch)
    training = begun(tiny(environment=PREFIX + "Clock-v0", episode_steps=5, batch_size=4))
    learnt = 0
    for _ in training.walk():
        if training.doing is Doing.LEARNING or training.learner.updates == learnt:
            continue
        learnt = training.learner.updates
        assert training.episodes % 4 == 0
        assert training.replay.decisions == training.replay.written == 0
        assert len(batches) == 3 * (4 * 4 // 4)
        for passed in range(3):
            whole = batches[4 * passed : 4 * passed + 4]
            times = torch.cat([pairs.observation_t[:, 0] for pairs in whole]).tolist()
            assert sorted(times) == sorted([0.0, 1.0, 2.0, 3.0] * 4)  # never 4, which was cut
        orders = [tuple(pairs.observation_t[:, 0].tolist()) for pairs in batches]
        assert orders[:4] != orders[4:8]
        for pairs in batches:
            assert torch.equal(pairs.observation_tp1[:, 0], pairs.observation_t[:, 0] + 1.0)
        starts = [pairs.observation_t[pairs.observation_t[:, 0] == 0.0, 1] for pairs in batches]
        assert len(torch.cat(starts).unique()) == 4  # four episodes, none of an earlier iteration
        batches.clear()
    assert training.learner.updates >= 2 * 12


@pytest.mark.parametrize("capacity", [1000, 50])
def test_a_kept_replay_gives_as_many_decisions_of_all_that_it_holds(
    monkeypatch: pytest.MonkeyPatch, capacity: int
) -> None:
    """An iteration takes 24 rows, 16 of which are learnt from, 4 of them an episode's first."""
    taken, passes = Training._pass, list[set[float]]()

    def recording(self: Training) -> np.ndarray:
        found = taken(self)
        rows, replay = found.ravel(), self.replay
        assert found.shape == (4, 4)
        assert len(set(rows)) == 16
        assert replay.observation[rows, 0].max() <= 3.0  # never 4, which was cut
        following = replay.observation[(rows + 1) % replay.capacity, 0]
        assert (following == replay.observation[rows, 0] + 1.0).all()
        passes.append(set(replay.observation[rows[replay.observation[rows, 0] == 0.0], 1].tolist()))
        return found

    monkeypatch.setattr(Training, "_pass", recording)
    fields = {"environment": PREFIX + "Clock-v0", "episode_steps": 5, "batch_size": 4}
    kept = {"replay_cleared": False, "replay_capacity": capacity, "passes": 5}
    played(tiny(**fields, **kept))
    episodes = [set.union(*passes[k : k + 5]) for k in range(0, len(passes), 5)]
    assert len(episodes[0]) == 4
    assert len(episodes[1]) <= 8
    assert episodes[1] & episodes[0]
    assert episodes[1] - episodes[0]
    assert bool(episodes[-1] & episodes[0]) is (capacity == 1000)
    assert (len(episodes[-1]) > 9) is (capacity == 1000)


def test_the_target_policy_acts_until_the_iteration_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    batches = recorded(monkeypatch)
    training = begun(tiny())
    walk_until(training, lambda: training.episodes == 4 and training.learner.updates == 9)
    learner, observation = training.learner, np.array([0.3], np.float32)
    before = training.actor.mean(observation)
    learner.update(batches[0])
    named = unflatten(learner.state.policy.parameters, training.networks.policy_shapes())
    online = training.networks.policy(named, torch.from_numpy(observation)[None]).mean[0].numpy()
    assert np.array_equal(training.actor.mean(observation), before)
    assert abs(online - before).max() > 1e-5
    learner.refresh()
    assert training.actor.mean(observation) == pytest.approx(online, abs=1e-6)
    assert torch.equal(learner.state.target_critic, learner.state.critic.parameters)


def test_rows_and_evaluations_fall_at_the_ends_of_iterations() -> None:
    training = played(tiny(steps=80, evaluation_points=5))
    assert [row["step"] for row in training.logs.training] == [32, 64, 80]
    # the last, of 2 episodes: 14 decisions, a batch a pass
    assert [row["updates"] for row in training.logs.training] == [9, 18, 21]
    assert sorted({row["step"] for row in training.evaluations}) == [16, 32, 48, 64, 80]
    assert {row["length"] for row in training.evaluations} == {8}
    assert all(np.isfinite(row["behaviour_return"]) for row in training.logs.training)
    assert all(np.isnan(row["penalty_temperature"]) for row in training.logs.training)


def test_a_budget_too_small_for_one_batch_learns_nothing_and_is_evaluated() -> None:
    training = played(tiny(steps=6, evaluation_points=2))
    assert (training.learner.updates, training.logs.training) == (0, [])
    assert len(training.evaluations) == 3


def test_episodes_are_cut_also_under_an_action_repeat() -> None:
    training = begun(tiny(action_repeat=4))
    walk_until(training, lambda: training.episodes == 1)
    assert (training.step, training.replay.decisions) == (8, 2)


def test_a_run_that_diverges_says_so(tmp_path: Path) -> None:
    broken = job(tmp_path, tiny(critic_learning_rate=1e30))
    assert run.train(broken, bar=False) == "diverged"
    described = json.loads((broken.out / "run.json").read_text())
    assert described["divergence"]["what"] in ("loss_critic", "gradient_norm_critic")
    assert described["divergence"]["where"].startswith("update 9 or up to 9 before")


def test_a_finished_run_s_policy_is_played_again_cut_and_squashed(tmp_path: Path) -> None:
    done = job(tmp_path, tiny(steps=32, evaluation_points=1))
    run.train(done, bar=False)
    table = replaying.returns(done.out, 2, 0)
    assert table["length"].tolist() == [8, 8, 8]
    environment = Training(done.settings, done.seeds, run.Clock())._evaluations.environment
    actor = replaying.load_policy(done.out, environment, done.settings)
    far = np.array([1e4], np.float32)
    assert abs(actor.mean(far)) <= 1.0


@pytest.mark.parametrize(
    ("name", "mended", "value"),
    [
        ("seed_report", {}, 2.0),
        ("seed_report_stable_huber", {}, 2.0),
        ("seed_report", {"ends_bootstrapped": False}, 1.0),
    ],
)
def test_a_one_step_problem_is_solved_and_valued_beyond_its_end(
    name: str, mended: dict[str, Any], value: float
) -> None:
    """The mean goes to a*. Without a termination mask the value is r / (1 - γ), not r: with r
    near 1 and γ = 1/2 near 2.
    """
    fields = {
        "environment": PREFIX + "OneStep-v0",
        "steps": 900,
        "iteration_episodes": 60,
        "batch_size": 20,
        "policy_hidden": (16, 16),
        "critic_hidden": (32, 32),
        "action_samples": 20,
        "initial_deviation": 0.3,
        "policy_learning_rate": 5e-3,
        "critic_learning_rate": 1e-2,
        "epsilon_covariance": 1e-2,
        "discount": 0.5,
        "evaluation_points": 1,
        "evaluation_final_episodes": 5,
    }
    training = played(tiny(name, **fields, **mended))
    learner = training.learner
    named = unflatten(learner.state.policy.parameters, training.networks.policy_shapes())
    policy = training.networks.policy(named, torch.linspace(-1.0, 1.0, 5).unsqueeze(1))
    assert np.abs(policy.mean.numpy() - OPTIMUM).max() < 0.15
    found = training.evaluations[-1]
    assert found["return"] == pytest.approx(1.0, abs=0.05)
    assert found["value_estimate"] == pytest.approx(value, abs=0.35)


def test_where_nothing_terminates_the_mask_changes_no_byte(tmp_path: Path) -> None:
    task = {"environment": "dm_control/cartpole-balance-v0", "batch_size": 4}
    found = []
    for name in (True, False):
        done = job(tmp_path / str(name), tiny(**task, ends_bootstrapped=name))
        assert run.train(done, bar=False) == "completed"
        found.append({k: v for k, v in contents(done).items() if k.endswith(".csv")})
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"returns": "retrace", "sequence_length": 4}, "returns"),
        ({"backup": "soft"}, "backup"),
        ({"likelihood": "decoupled"}, "likelihood"),
        ({"covariance": "diagonal"}, "covariance"),
        ({"dual_solver": "gradient"}, "dual_solver"),
        ({"initial_temperature": 0.5}, "initial_temperature"),
        ({"policy_target_period": 10}, "policy_target_period"),
        ({"device": "cuda"}, "device"),
        ({"action_repeat": 5}, "episode_steps"),
        ({"episode_steps": None}, "episode_steps"),
        ({"batch_size": 33}, "batch_size"),
    ],
)
def test_settings_that_the_protocol_does_not_know_are_refused(
    fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        tiny(**fields)
    assert refused.value.field == field


@pytest.mark.parametrize("field", ITERATIONS_ONLY)
def test_settings_of_iterations_are_refused_off_policy(field: str) -> None:
    with pytest.raises(SettingsError, match="protocol off_policy has no iterations"):
        settings({field: False if isinstance(getattr(settings({}), field), bool) else 7})


def test_the_settings_of_the_variants_are_the_report_s() -> None:
    own = settings(VARIANTS["seed_report"])
    numbers = (own.iteration_episodes, own.episode_steps, own.passes, own.mstep_repeats)
    assert numbers == (50, 300, 3, 5)
    assert (own.action_samples, own.batch_size, own.dual, own.critic_loss) == (
        64,
        128,
        "raw",
        "squared",
    )
    assert TINY["environment"] != own.environment
