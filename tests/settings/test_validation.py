"""Settings: strict, frozen, checked against each other, and the digest's canonical form."""

import importlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mpo.settings import (
    OPTION_PACKAGES,
    Settings,
    SettingsError,
    baseline,
    option,
    options,
    settings,
)


def fault(values: dict[str, Any]) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        settings(values)
    return caught.value


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        ({"epsilom": 0.1}, "epsilom", "there is no such field; did you mean epsilon"),
        ({"epsilon": "0.1"}, "epsilon", "valid number"),
        ({"epsilon": 0.0}, "epsilon", "greater than 0"),
        ({"epsilon": float("nan")}, "epsilon", "finite"),
        ({"epsilon": float("inf")}, "epsilon", "finite"),
        ({"discount": 1.0}, "discount", "less than 1"),
        ({"action_samples": 1}, "action_samples", "greater than or equal to 2"),
        ({"action_samples": 20.5}, "action_samples", "integer"),
        ({"action_penalty": 1}, "action_penalty", "true or false"),
        ({"critic_hidden": [200]}, "critic_hidden", "at least 2"),
        ({"policy_hidden": [100, "x"]}, "policy_hidden.1", "integer"),
        ({"critic_hidden": [200, 0]}, "critic_hidden.1", "greater than 0"),
        ({"backup": "sofd"}, "backup", "allowed are improved, policy, soft"),
        ({"multipliers": "none"}, "multipliers", "'learned' or 'zero'"),
        ({"device": "tpu"}, "device", "cpu, cuda"),
    ],
)
def test_a_fault_names_field_value_and_what_is_allowed(
    values: dict[str, Any], field: str, message: str
) -> None:
    error = fault(values)
    assert error.field == field
    assert message in error.allowed
    assert str(error).startswith(f"{field}: ")
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("values", "field", "mentions"),
    [
        ({"epsilon": 1.7, "action_samples": 5}, "epsilon", "log N = 1.609"),
        ({"action_penalty": True, "epsilon_penalty": 3.0}, "epsilon_penalty", "log N = 2.996"),
        ({"kl": "per_dimension"}, "kl", "diagonal, not full"),
        ({"batch_size": 12, "sequence_length": 8}, "batch_size", "sequence_length = 8"),
        ({"initial_deviation": 1e-3}, "initial_deviation", "minimum_deviation = 0.001"),
        ({"estep": "parametric", "backup": "soft"}, "backup", "parametric needs policy"),
        ({"estep": "parametric", "likelihood": "decoupled"}, "likelihood", "needs joint"),
        ({"estep": "parametric", "action_penalty": True}, "action_penalty", "no weights"),
        ({"steps": 101, "action_repeat": 2}, "steps", "multiple of action_repeat = 2"),
        ({"steps": 20}, "steps", "25 evaluation_points"),
    ],
)
def test_senseless_combinations_are_refused_with_a_reason(
    values: dict[str, Any], field: str, mentions: str
) -> None:
    error = fault(values)
    assert error.field == field
    assert mentions in error.allowed


@pytest.mark.parametrize(
    "values",
    [
        {"epsilon": 1.6, "action_samples": 5},
        {"kl": "per_dimension", "covariance": "diagonal"},
        {"batch_size": 12, "returns": "n_step"},
        {"likelihood": "decoupled", "covariance": "full"},
    ],
)
def test_combinations_that_make_sense_are_taken(values: dict[str, Any]) -> None:
    assert settings(values).differences() == {
        name: value for name, value in values.items() if baseline(name) != value
    }


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        settings({}).epsilon = 0.2


@pytest.mark.parametrize("field", OPTION_PACKAGES)
def test_every_option_is_a_module_that_loads(field: str) -> None:
    names = options(field)
    assert Settings.model_fields[field].default in names
    for name in names:
        assert option(field, name).__name__.endswith(f"{OPTION_PACKAGES[field]}.{name}")


def test_an_option_has_a_name_that_settings_can_write(monkeypatch: pytest.MonkeyPatch, tmp_path):
    for name in ("lower_confidence.py", "Lower-Confidence.py", "2nd.py"):
        (tmp_path / name).touch()
    package = importlib.import_module(f"mpo.{OPTION_PACKAGES['backup']}")
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    assert set(options("backup")) & {"lower_confidence", "Lower-Confidence", "2nd"} == {
        "lower_confidence"
    }


def test_defaults_need_no_differences() -> None:
    assert settings({}).differences() == {}
    assert settings({"epsilon": 0.1}).differences() == {}


@given(st.floats(0.01, 1.0), st.sampled_from(["policy", "soft", "improved"]), st.booleans())
def test_differences_go_round_through_json(epsilon: float, backup: str, norm: bool) -> None:
    chosen = settings({"epsilon": epsilon, "backup": backup, "layer_norm": norm})
    again = settings(json.loads(json.dumps(chosen.differences())))
    assert again == chosen
    assert again.digest(1, 2) == chosen.digest(1, 2)


def test_digest_depends_on_settings_and_context_alone() -> None:
    one = settings({"epsilon": 0.2, "backup": "soft"})
    same = settings({"backup": "soft", "epsilon": 0.2})
    assert one.digest(1, 2) == same.digest(1, 2)
    assert one.digest(1, 2) != one.digest(2, 1)
    assert one.digest(1, 2) != settings({"epsilon": 0.2}).digest(1, 2)
    assert len(one.digest()) == 64
