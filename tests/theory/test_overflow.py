import numpy as np
import pytest
import torch

from mpo.theory import order, overflow


def both(form, level, eta, dtype=torch.float32):
    q = (level * torch.linspace(0.5, 1.0, 20, dtype=dtype)).reshape(1, 20, 1)
    value, gradient = overflow.value_and_gradient(form, q, torch.tensor([eta], dtype=dtype))
    return float(value), float(gradient)


@pytest.mark.parametrize(("ratio", "finite"), [(80.0, True), (95.0, False)])
def test_raw_form_overflows_between_80_and_95(ratio, finite):
    assert np.isfinite(both("raw", 10.0 * ratio, 10.0)).all() == finite
    assert np.isfinite(both("stable", 10.0 * ratio, 10.0)).all()


def test_stable_form_is_the_raw_one_in_float64():
    for level, eta in [(100.0, 0.5), (5.0, 2.0), (-30.0, 0.1)]:
        expected = both("raw", level, eta, torch.float64)
        np.testing.assert_allclose(both("stable", level, eta), expected, rtol=1e-4)


def test_gradient_is_that_of_a_difference():
    step = 1e-6
    high, low = (both("raw", 3.0, 0.7 + s, torch.float64)[0] for s in (step, -step))
    _, gradient = both("raw", 3.0, 0.7, torch.float64)
    np.testing.assert_allclose(gradient, (high - low) / (2 * step), rtol=1e-6)


def test_outcomes_name_what_is_not_finite(monkeypatch):
    monkeypatch.setattr(overflow, "LEVELS", np.array([1.0, 1000.0]))
    monkeypatch.setattr(overflow, "TEMPERATURES", np.array([1.0]))
    found = overflow.outcomes("raw", 1.0)
    assert list(found["outcome"]) == [overflow.FINITE, overflow.VALUE]
    limit = overflow.limits(found).iloc[0]
    assert (limit["points"], limit["not_finite"], limit["least_ratio"]) == (2, 1, 1000.0)


def test_limits_of_the_whole_map():
    found = overflow.limits(overflow.overflow_map())
    raw, stable = (found[found["form"] == form] for form in ("raw", "stable"))
    assert (stable["not_finite"] == 0).all()
    assert raw["least_ratio"].between(80, 105).all()


def test_values_are_in_order():
    values = order.values_by_temperature().pivot(
        index="temperature", columns="backup", values="value"
    )
    assert (values["policy"] <= values["soft"] + 1e-12).all()
    assert (values["soft"] <= values["improved"] + 1e-12).all()
    assert len(values) == len(order.TEMPERATURES)


def test_gap_is_temperature_times_epsilon():
    found = order.gaps(problems=5)
    np.testing.assert_allclose(found["gap"], found["expected"], rtol=1e-3)
    assert found["expected"].is_unique
