"""What an update reports, against plain sums."""

import math

import pytest
import torch

from mpo.algorithm import metrics
from mpo.algorithm.mstep.lagrangian import MStep
from mpo.algorithm.multipliers import Multipliers
from mpo.rundir import TRAINING_COLUMNS
from mpo.settings import settings
from tests.draws import COVARIANCES, distribution, gaussian, normal, number, state_weights


def test_columns_of_training_csv_are_the_metrics_in_order() -> None:
    assert ("step", "updates", *metrics.METRICS, "behaviour_return") == TRAINING_COLUMNS
    assert set(metrics.COUNTS) | set(metrics.MUST_BE_FINITE) <= set(metrics.METRICS)


def test_estep_s_diagnostics() -> None:
    q, rho, eta = normal(0, 4, 3), state_weights(1, 3), 0.7
    actions = 1.5 * normal(2, 4, 3, 2)
    found = metrics.of_estep(settings({"epsilon": 0.2}), True, q, actions, number(eta), rho)
    weights = torch.softmax(q / eta, 0)
    kl = (weights * (weights * 4).log()).sum(0)
    assert float(found["kl_estep_relative"]) == pytest.approx(float(rho @ kl) / 0.2)
    sizes = 1.0 / weights.square().sum(0)
    assert float(found["effective_sample_size"]) == pytest.approx(float(rho @ sizes))
    assert float(found["q_mean"]) == pytest.approx(float(rho @ q.mean(0)))
    assert float(found["q_deviation"]) == pytest.approx(float(rho @ q.std(0)))
    assert float(found["temperature"]) == pytest.approx(eta)


def test_outside_box_is_the_share_of_action_dimensions_outside() -> None:
    actions = torch.tensor([[[0.0, 2.0]], [[-1.5, 1.0]], [[0.0, 0.0]], [[-1.0, 0.9]]])
    one = torch.ones(1)
    found = metrics.of_estep(settings({}), True, torch.zeros(4, 1), actions, torch.tensor(1.0), one)
    assert float(found["outside_box"]) == pytest.approx(2 / 8)


def test_without_a_temperature_its_diagnostics_are_empty() -> None:
    q, rho = normal(0, 4, 3), state_weights(1, 3)
    found = metrics.of_estep(settings({}), False, q, normal(2, 4, 3, 2), number(1.0), rho)
    for name in ("temperature", "kl_estep_relative", "effective_sample_size"):
        assert math.isnan(float(found[name]))
    assert math.isfinite(float(found["q_mean"]))


@pytest.mark.parametrize("penalty", [False, True])
def test_mstep_s_parts_add_up(penalty: bool) -> None:
    chosen = settings({"epsilon_mean": 0.2, "epsilon_covariance": 0.01, "action_penalty": penalty})
    part = MStep(number(3.0), normal(0, 2).abs(), normal(1, 2).abs())
    alphas = normal(2, 2).abs(), normal(3, 2).abs()
    multipliers = Multipliers(number(1.0), number(0.4), *alphas)
    found = {k: float(v) for k, v in metrics.of_mstep(chosen, multipliers, part, alphas).items()}
    assert found["loss_kl_mean"] == pytest.approx(float(alphas[0] @ part.kl_mean))
    assert found["loss_kl_covariance"] == pytest.approx(float(alphas[1] @ part.kl_covariance))
    parts = found["loss_likelihood"] + found["loss_kl_mean"] + found["loss_kl_covariance"]
    assert found["loss_policy"] == pytest.approx(parts)
    assert found["kl_mean_relative"] == pytest.approx(float(part.kl_mean.mean()) / 0.2)
    covariance = float(part.kl_covariance.mean()) / 0.01
    assert found["kl_covariance_relative"] == pytest.approx(covariance)
    assert found["alpha_mean"] == pytest.approx(float(alphas[0].mean()))
    assert found["alpha_covariance"] == pytest.approx(float(alphas[1].mean()))
    assert math.isnan(found["penalty_temperature"]) is not penalty


@pytest.mark.parametrize("form", COVARIANCES)
def test_policy_s_spread(form: str) -> None:
    policy, rho = gaussian(form, 0), state_weights(1, 3)
    found = metrics.of_policy(COVARIANCES[form], policy, rho)
    theirs = distribution(form, policy)
    assert float(found["policy_entropy"]) == pytest.approx(float(rho @ theirs.entropy()))
    deviation = theirs.variance.sqrt().mean(-1)
    assert float(found["policy_deviation"]) == pytest.approx(float(rho @ deviation))


def test_averages_divide_all_but_counts_and_the_dual_by_its_finite_updates() -> None:
    sums = torch.arange(1.0, 2 * len(metrics.METRICS) + 1.0).reshape(2, -1)
    order = {name: index for index, name in enumerate(metrics.METRICS)}
    sums[0, order["dual_overflows"]] = 2.0
    row = metrics.averages(sums, 10)
    assert list(row) == list(metrics.METRICS)
    assert row["loss_critic"] == pytest.approx(0.1)
    assert row["dual_overflows"] == 2.0
    assert row["dual_at_floor"] == float(sums[0, order["dual_at_floor"]])
    assert row["loss_temperature"] == pytest.approx(float(sums[0, order["loss_temperature"]]) / 8)
    sums[0, order["dual_overflows"]] = 10.0
    assert math.isnan(metrics.averages(sums, 10)["loss_temperature"])


def reported(**values: float) -> torch.Tensor:
    """What an update reports: ones, and `values`."""
    return torch.tensor([values.get(name, 1.0) for name in metrics.METRICS])


def summed(*updates: torch.Tensor) -> torch.Tensor:
    sums = metrics.no_sums()
    for update in updates:
        metrics.add(sums, update)
    return sums


def test_sums_add_up_and_count_the_updates_after_which_they_were_finite() -> None:
    sums = summed(reported(q_mean=2.0), reported(q_mean=3.0), reported(q_mean=math.inf), reported())
    place = metrics.METRICS.index("q_mean")
    assert sums[0].tolist() == [math.inf if k == place else 4.0 for k in range(len(sums[0]))]
    assert sums[1].tolist() == [2.0 if k == place else 4.0 for k in range(len(sums[1]))]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_run_has_diverged_where_a_loss_a_norm_or_the_policy_is_not_finite(value: float) -> None:
    assert metrics.first_non_finite(summed(reported())) is None
    for name in metrics.METRICS:
        named = metrics.first_non_finite(summed(reported(**{name: value})))
        assert named == (name if name in metrics.MUST_BE_FINITE else None)


def test_of_one_update_the_quantity_that_is_computed_first_is_named() -> None:
    """A backup that gives NaN, say, takes the critic's loss and then the policy's with it."""
    later = {"gradient_norm_policy": math.nan, "loss_policy": math.nan, "loss_critic": math.nan}
    assert metrics.first_non_finite(summed(reported(**later))) == "loss_critic"
    assert metrics.first_non_finite(summed(reported(**later, value_mean=math.nan))) == "value_mean"
    everything = dict.fromkeys(metrics.FLOW, math.nan)
    assert metrics.first_non_finite(summed(reported(**everything))) == "policy_deviation"


def test_of_several_updates_the_one_that_broke_first_counts() -> None:
    """Targets that follow the critic at every update bring its NaN back to where Q is read."""
    broken = reported(value_mean=math.nan, loss_critic=math.nan, loss_policy=math.nan)
    after = reported(**dict.fromkeys(metrics.FLOW, math.nan))
    assert metrics.first_non_finite(summed(reported(), broken, after, after)) == "value_mean"
    broken = reported(gradient_norm_policy=math.inf)
    assert metrics.first_non_finite(summed(broken, after)) == "gradient_norm_policy"


def test_a_metric_that_does_not_apply_is_never_named_and_one_that_does_is() -> None:
    absent = dict.fromkeys(metrics.NOT_ALWAYS, math.nan)
    broken = reported(**absent, loss_likelihood=math.nan)
    assert metrics.first_non_finite(summed(reported(**absent), broken)) == "loss_likelihood"
    broken = reported(temperature=math.nan, loss_likelihood=math.nan)
    assert metrics.first_non_finite(summed(reported(), broken)) == "temperature"


def test_every_metric_that_shows_divergence_has_its_place_in_the_flow() -> None:
    assert set(metrics.MUST_BE_FINITE) | set(metrics.NOT_ALWAYS) <= set(metrics.FLOW)
    assert set(metrics.FLOW) <= set(metrics.METRICS)
    assert len(set(metrics.FLOW)) == len(metrics.FLOW)
