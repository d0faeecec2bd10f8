"""The learner: in-place updates, refreshes, solved temperatures, checkpoints."""

import shutil

import numpy as np
import pytest
import torch

from mpo.algorithm.computing.devices.cpu import COMPILERS
from mpo.algorithm.estep.dual_solvers import MINIMUM_TEMPERATURE
from mpo.algorithm.learner import Learner
from mpo.algorithm.metrics import METRICS
from mpo.algorithm.multipliers import unpack
from mpo.algorithm.networks import unflatten
from tests.learning import VARIANTS, drawn, filled, learner, small


def vectors(made: Learner) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = {}
    for name, part in made.state._asdict().items():
        tensors = part if isinstance(part, tuple) else (part,)
        found |= {f"{name}.{index}": tensor.clone() for index, tensor in enumerate(tensors)}
    return found


def equal(first: Learner, second: Learner) -> bool:
    ours, theirs = vectors(first), vectors(second)
    return all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.parametrize("update", ["hard", "polyak"])
def test_targets_refresh_at_their_own_periods_and_stand_still_between(update: str) -> None:
    chosen = small(
        {}, policy_target_period=3, critic_target_period=2, target_update=update, polyak=0.25
    )
    made, replay = learner(chosen), filled(0)
    share = 0.25 if update == "polyak" else 1.0
    for index in range(1, 7):
        before = made.state.target_policy.clone(), made.state.target_critic.clone()
        made.update(drawn(replay, chosen, index))
        after = made.state.target_policy, made.state.target_critic
        online = made.state.policy.parameters, made.state.critic.parameters
        for old, new, live, period in zip(before, after, online, (3, 2), strict=True):
            moved = old + share * (live - old) if index % period == 0 else old
            torch.testing.assert_close(new, moved)
    assert made.updates == 6


def test_targets_start_equal_to_the_online_networks_but_apart_in_memory() -> None:
    made = learner(small({}), spread=0.0)
    assert torch.equal(made.state.target_policy, made.state.policy.parameters)
    made.state.policy.parameters.add_(1.0)
    assert not torch.equal(made.state.target_policy, made.state.policy.parameters)


def test_seeds_determine_initialisation_and_noise() -> None:
    chosen, replay = small({}), filled(0)
    batch = drawn(replay, chosen, 0)
    first, second, other = learner(chosen, 1), learner(chosen, 1), learner(chosen, 2)
    assert equal(first, second)
    assert not equal(first, other)
    for made in (first, second):
        made.update(batch)
    assert equal(first, second)
    second.noise.manual_seed(99)
    for made in (first, second):
        made.update(batch)
    assert not equal(first, second)


def test_policy_parameters_follow_every_update() -> None:
    chosen = small({})
    made = learner(chosen)
    viewed = made.policy_parameters()
    before = viewed.copy()
    made.update(drawn(filled(0), chosen, 0))
    np.testing.assert_array_equal(viewed, made.state.policy.parameters.numpy())
    assert not np.array_equal(viewed, before)


def test_the_evaluated_policy_is_an_average_of_the_last_ones_and_changes_no_update() -> None:
    chosen, replay = small({}, policy_average=4), filled(0)
    made, plain = learner(chosen), learner(small({}))
    average = torch.from_numpy(made.evaluated_parameters()).clone()
    for index in range(6):
        batch = drawn(replay, chosen, index)
        made.update(batch)
        plain.update(batch)
        average += (made.state.policy.parameters - average) / 4
    torch.testing.assert_close(torch.from_numpy(made.evaluated_parameters()), average)
    assert equal(made, plain)
    np.testing.assert_array_equal(plain.evaluated_parameters(), plain.policy_parameters())
    other = learner(chosen, 7)
    other.restore(made.checkpoint())
    np.testing.assert_array_equal(other.evaluated_parameters(), made.evaluated_parameters())


@pytest.mark.parametrize("name", ["paper", "stabilised", "exact_dual", "parametric"])
def test_checkpoint_restores_everything(name: str) -> None:
    chosen, replay = small(VARIANTS[name]), filled(0)
    made, other = learner(chosen, 1), learner(chosen, 7)
    for index in range(3):
        made.update(drawn(replay, chosen, index))
    saved = made.checkpoint()
    other.update(drawn(replay, chosen, 50))
    other.restore(saved)
    assert equal(made, other)
    np.testing.assert_array_equal(other.policy_parameters(), made.policy_parameters())
    for index in range(3, 6):
        for one in (made, other):
            one.update(drawn(replay, chosen, index))
    assert equal(made, other)
    assert made.updates == other.updates == 6
    assert torch.equal(made.take_sums().nan_to_num(), other.take_sums().nan_to_num())


def test_sums_add_up_until_they_are_taken() -> None:
    chosen = small({})
    replay = filled(0)
    together, apart = learner(chosen), learner(chosen)
    total = torch.zeros(2, len(METRICS))
    for index in range(3):
        batch = drawn(replay, chosen, index)
        together.update(batch)
        apart.update(batch)
        total += apart.take_sums()
    torch.testing.assert_close(together.take_sums(), total, equal_nan=True)
    assert (together.take_sums() == 0.0).all()


@pytest.mark.parametrize("solver", ["newton", "slsqp"])
def test_a_solved_temperature_serves_the_weights_and_is_the_next_start(solver: str) -> None:
    """The KL of the weights is at its bound, to the solver's precision."""
    chosen = small({"dual_solver": solver, "dual": "stable"})
    made = learner(chosen)
    made.update(drawn(filled(0), chosen, 0))
    found = dict(zip(METRICS, made.take_sums()[0].tolist(), strict=True))
    tolerance = 1e-4 if solver == "newton" else 0.05
    assert found["kl_estep_relative"] == pytest.approx(1.0, abs=tolerance)
    assert found["dual_at_floor"] == 0.0
    kept = float(unpack(made.state.multipliers.parameters).temperature)
    assert kept == pytest.approx(found["temperature"], rel=1e-4)


def test_ties_everywhere_put_the_temperature_at_the_floor() -> None:
    chosen = small({"dual_solver": "newton"})
    made = learner(chosen)
    named = unflatten(made.state.target_critic, made.networks.critic_shapes())
    named["head.weight"].zero_()
    made.update(drawn(filled(0), chosen, 0))
    found = dict(zip(METRICS, made.take_sums()[0].tolist(), strict=True))
    assert found["dual_at_floor"] == 1.0
    assert found["temperature"] == pytest.approx(MINIMUM_TEMPERATURE, rel=1e-4)
    assert all(torch.isfinite(tensor).all() for tensor in vectors(made).values())


@pytest.mark.parametrize("name", VARIANTS)
def test_repeated_updates_on_one_batch_fit_the_critic(name: str) -> None:
    chosen = small(VARIANTS[name], critic_learning_rate=3e-3, discount=0.5)
    made = learner(chosen)
    batch = drawn(filled(0), chosen, 0)
    losses = []
    for _ in range(40):
        made.update(batch)
        losses.append(float(made.take_sums()[0, 0]))
    assert losses[-1] < 0.7 * losses[0]


def test_without_a_compiler_updates_run_eagerly_with_one_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert not learner(small({}, compile=True)).compiled
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert all(name in caplog.text for name in COMPILERS)
    assert not learner(small({}, compile=False)).compiled
