"""Temperature and multipliers in whole updates: their order, their bounds, overflow."""

import math

import pytest
import torch

from mpo.algorithm.computing.optimiser import adam
from mpo.algorithm.dual_variables import DualVariables
from mpo.algorithm.metrics import METRICS
from mpo.algorithm.mstep.lagrangian import MStep
from mpo.algorithm.multipliers import initial_raw, unpack
from mpo.algorithm.networks import unflatten
from mpo.settings import settings
from tests.draws import number, state_weights
from tests.learning import drawn, filled, learner, one_update, small

pytestmark = pytest.mark.usefixtures("double")


@pytest.mark.parametrize("step", ["before", "together"])
def test_multipliers_step_before_or_together_with_the_policy(step: str) -> None:
    chosen = small({"multiplier_step": step, "dual_learning_rate": 0.5})
    made = learner(chosen)
    old = made.state.multipliers.parameters.clone()
    batch = drawn(filled(0), chosen, 0)
    new, metrics = one_update(chosen, batch)
    used = new.multipliers.parameters if step == "before" else old
    assert not torch.allclose(new.multipliers.parameters, old)
    alpha = torch.nn.functional.softplus(used[2]) + 1e-8
    assert metrics["alpha_mean"] == pytest.approx(float(alpha))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_raw_overflow_freezes_the_temperature_alone(sign: float) -> None:
    """Value, moments and step count of the temperature stay; everything else goes on."""
    torch.set_default_dtype(torch.float32)
    chosen = small({"dual": "raw", "action_penalty": True})
    made, replay = learner(chosen), filled(0)
    made.update(drawn(replay, chosen, 0))
    before = [part.clone() for part in made.state.multipliers]
    head = unflatten(made.state.target_critic, made.networks.critic_shapes())["head.bias"]
    head.fill_(sign * 1000.0)
    made.take_sums()
    made.update(drawn(replay, chosen, 1))
    found = dict(zip(METRICS, made.take_sums()[0].tolist(), strict=True))
    assert found["dual_overflows"] == 1.0
    assert found["loss_temperature"] == 0.0
    after = made.state.multipliers
    for old, new in zip(before, after, strict=True):
        assert old[0] == new[0]
        assert (old[1:] != new[1:]).all()
        assert torch.isfinite(new).all()
    assert all(math.isfinite(found[name]) for name in METRICS if name != "temperature")
    head.fill_(0.0)
    made.update(drawn(replay, chosen, 2))
    assert float(made.take_sums()[0][METRICS.index("dual_overflows")]) == 0.0
    assert float(made.state.multipliers.steps[0]) == 2.0
    assert float(made.state.multipliers.steps[1]) == 3.0


def test_stable_dual_does_not_overflow_where_raw_does() -> None:
    torch.set_default_dtype(torch.float32)
    chosen = small({"dual": "stable"})
    made = learner(chosen)
    unflatten(made.state.target_critic, made.networks.critic_shapes())["head.bias"].fill_(1000.0)
    made.update(drawn(filled(0), chosen, 0))
    assert float(made.take_sums()[0][METRICS.index("dual_overflows")]) == 0.0
    assert float(made.state.multipliers.steps[0]) == 1.0


def test_raw_parameters_never_fall_below_the_minimum() -> None:
    chosen = small({"initial_alpha_mean": 1e-8, "epsilon_mean": 50.0})
    batch = drawn(filled(0), chosen, 0)
    new, _ = one_update(chosen, batch)
    assert float(new.multipliers.parameters[2]) == -18.0


@pytest.mark.parametrize("minimum", [0.0, 0.05])
def test_multipliers_wind_down_to_their_floor_and_no_further(minimum: float) -> None:
    """Under KLs of 0 they fall by what Adam steps; the temperatures know no such floor."""
    fields = {"minimum_alpha": minimum, "dual_learning_rate": 0.5, "initial_alpha_mean": 0.3}
    chosen = settings({**fields, "dual": "stable", "action_penalty": True})
    duals = DualVariables(chosen)
    raw = initial_raw(chosen, 2).double()
    multipliers, nothing = adam(raw, tuple(raw.shape)), torch.zeros(2, dtype=torch.float64)
    equal = torch.zeros(5, 3, dtype=torch.float64)
    part = MStep(number(0.0), nothing, nothing)
    for _ in range(100):
        multipliers = duals.step(multipliers, equal, equal, part, state_weights(0, 3)).multipliers
    found = unpack(multipliers.parameters)
    for alphas in (found.alpha_mean, found.alpha_covariance):
        assert alphas.tolist() == pytest.approx([minimum, minimum], rel=1e-6, abs=1e-3)
    assert float(found.temperature) < 1e-3 > float(found.penalty_temperature)
