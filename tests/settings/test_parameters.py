"""Parameters that options declare: read without import, strict, digested, bound to functions."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils._pytree import tree_map

from mpo.algorithm.learner import initial_state
from mpo.algorithm.networks import Networks
from mpo.algorithm.trial.arguments import Arguments
from mpo.algorithm.trial.attempt import attempt
from mpo.algorithm.update import Update
from mpo.settings import (
    OptionError,
    OptionParameters,
    SettingsError,
    description,
    kind_of,
    overlaid,
    settings,
)
from mpo.settings.listing import page
from mpo.settings.options import file_of
from mpo.settings.parameters import declared
from mpo.study.yaml_files import PROJECT
from tests.own_options import LOWER_CONFIDENCE, put_option

Q = torch.tensor([[1.0, 2.0], [3.0, 2.0], [5.0, 2.0]])
MINE = {"backup": "lower_confidence"}
SMALL: dict[str, Any] = {
    "batch_size": 16,
    "action_samples": 5,
    "policy_hidden": (8,),
    "critic_hidden": (8, 8),
    "compile": False,
}
pytestmark = pytest.mark.usefixtures("unchecked")


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Puts a text as the backup `lower_confidence`, or as another option."""

    def put(text: str = LOWER_CONFIDENCE, field: str = "backup") -> Path:
        return put_option(field, "lower_confidence", text, tmp_path / field, monkeypatch)

    return put


def value(fields: dict[str, Any]) -> list[float]:
    return settings(fields).option("backup").value(Q, torch.ones(())).tolist()


def test_an_option_is_given_what_the_settings_say(put) -> None:
    put()
    assert value(MINE) == [1.0, 2.0]  # 3 - 2, and a state without spread
    assert value({**MINE, "backup.beta": 0.5}) == [2.0, 2.0]
    assert value({**MINE, "backup.beta": 0}) == value({"backup": "policy"})


def test_an_option_without_parameters_is_its_module_itself() -> None:
    import mpo.algorithm.policy_evaluation.backups.soft as soft

    assert settings({"backup": "soft"}).option("backup") is soft


def test_of_a_default_neither_differences_nor_digest_know(put) -> None:
    put()
    plain, told = settings(MINE), settings({**MINE, "backup.beta": 1})
    assert plain == told
    assert plain.differences() == told.differences() == MINE
    assert plain.digest(1) == told.digest(1)
    assert plain.model_dump()["backup.beta"] == 1.0
    other = settings({**MINE, "backup.beta": 2})
    assert other != plain
    assert other.digest(1) != plain.digest(1)
    assert other.differences() == {**MINE, "backup.beta": 2.0}
    again = settings(json.loads(json.dumps(other.differences())))
    assert (again, again.digest(1)) == (other, other.digest(1))


def test_shipped_settings_have_the_digest_that_they_had_before_parameters() -> None:
    # made by: python -c "from mpo.settings import settings;
    # print(settings({'critic_loss': 'huber'}).digest(1, 0))" where huber had no parameter
    before = "b39ae1fcdbf9112c7c4f86c8c517e800529d1fb7d9090e801f5a137f33d822e0"
    assert settings({"critic_loss": "huber"}).digest(1, 0) == before
    assert settings({"critic_loss": "huber", "critic_loss.delta": 1.0}).digest(1, 0) == before


@pytest.mark.parametrize(
    ("fields", "name", "allowed"),
    [
        ({"backup.beta": -1.0}, "backup.beta", "greater than or equal to 0, for backup lower_conf"),
        ({"backup.beta": "1"}, "backup.beta", "valid number, for backup lower_confidence"),
        ({"backup.beta": float("inf")}, "backup.beta", "finite number"),
        ({"backup.betta": 1.0}, "backup.betta", "and its parameters are backup.beta"),
        ({"backup.beta": 1.0, "backup": "soft"}, "backup.beta", "soft, and it has no parameters"),
        ({"returns.beta": 1.0}, "returns.beta", "returns is retrace, and it has no parameters"),
        ({"epsilon.beta": 1.0}, "epsilon.beta", "there is no such field"),
    ],
)
def test_a_fault_is_one_line(put, fields: dict[str, Any], name: str, allowed: str) -> None:
    put()
    with pytest.raises(SettingsError) as caught:
        settings({**MINE, **fields})
    assert str(caught.value).startswith(f"{name}: {fields[name]!r} is not allowed; ")
    assert allowed in caught.value.allowed
    assert "\n" not in str(caught.value)


CLASS = LOWER_CONFIDENCE.index("class Parameters"), LOWER_CONFIDENCE.index("\n\ndef value")
TAKES = ", parameters: Parameters"
ONE = "    beta: float = Field(1.0, ge=0)\n"


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (LOWER_CONFIDENCE[slice(*CLASS)], "Parameters = None\n", "value takes parameters, and no"),
        (TAKES, "", "Parameters are declared, and not taken, as the last argument parameters of v"),
        (ONE, "    beta: float\n", "beta has no default"),
        ('    """β: standard', '    ""\n    """β: standard', "beta has no docstring"),
        (ONE, "    beta: tuple[float, ...] = (1.0,)\n", "beta is no number, true or false, text"),
        ("(OptionParameters)", "", "Parameters is no class of OptionParameters"),
        ("Field(1.0, ge=0)", "Field(1.0, ge=LOW)", "NameError: name 'LOW' is not defined"),
    ],
)
def test_a_mistake_in_the_declaration_is_told_with_its_file(
    put, old: str, new: str, what: str
) -> None:
    assert old in LOWER_CONFIDENCE
    file = put(LOWER_CONFIDENCE.replace(old, new))
    with pytest.raises(OptionError) as caught:
        settings(MINE).option("backup")
    first, place = str(caught.value).split("\n")
    assert first.startswith(f"backup lower_confidence: {what}")
    assert str(file) in place


def test_only_what_the_class_uses_is_executed(put) -> None:
    text = f"from __future__ import annotations\n\nLOW = 0\nraise_ = 1 / LOW\n{LOWER_CONFIDENCE}"
    put(
        text.replace("Field(1.0, ge=0)", "Annotated[float, Field(ge=LOW)] = 1.0")
        .replace("from torch import Tensor", "import absent\nfrom typing import Annotated", 1)
        .replace("beta: float = Annotated", "beta: Annotated")
    )
    known = declared("backup", "lower_confidence")
    assert issubclass(known, OptionParameters)
    assert known().model_dump() == {"beta": 1.0}
    with pytest.raises(SettingsError, match="greater than or equal to 0"):
        settings({**MINE, "backup.beta": -1.0})


def test_an_edited_declaration_is_read_anew(put) -> None:
    put()
    assert settings(MINE).model_dump()["backup.beta"] == 1.0
    put(LOWER_CONFIDENCE.replace("Field(1.0,", "Field(0.25,"))
    assert settings(MINE).model_dump()["backup.beta"] == 0.25


def test_settings_with_parameters_load_no_torch() -> None:
    code = (
        "import sys; from mpo.settings import settings\n"
        "print(settings({'critic_loss': 'huber', 'critic_loss.delta': 2}).differences())\n"
        "print('torch' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=PROJECT)
    assert done.stdout.splitlines() == [
        "{'critic_loss': 'huber', 'critic_loss.delta': 2.0}",
        "False",
    ]


def test_they_are_told_beside_their_kind(put) -> None:
    put()
    (told,) = description.describe("backup").parameters
    assert told == description.describe("backup.beta")
    assert (told.allowed, told.default) == ("number of at least 0", 1.0)
    assert told.description.startswith("Of lower_confidence: β: standard deviations of Q")
    assert "backup.beta" in page(description.describe("backup"), 100)
    with pytest.raises(SettingsError, match=r"'backup\.betta'.*parameters of backup are backup\.b"):
        description.describe("backup.betta")


def test_a_replaced_option_takes_its_parameters_along() -> None:
    below = {"backup": "lower_confidence", "backup.beta": 2.0, "epsilon": 0.2}
    assert overlaid(below, {"backup.beta": 3.0}) == {**below, "backup.beta": 3.0}
    assert overlaid(below, {"backup": "soft"}) == {"backup": "soft", "epsilon": 0.2}
    assert overlaid(below, {"backup": "lower_confidence"}) == below
    assert overlaid(below, {"backup": "mine", "backup.k": 1}) == {
        "backup": "mine",
        "backup.k": 1,
        "epsilon": 0.2,
    }


def test_a_name_of_a_parameter_is_known_by_its_kind() -> None:
    assert kind_of("backup.beta") == "backup"
    assert [kind_of(name) for name in ("backup", "epsilon.beta", "x", "")] == [None] * 4


PER_KIND = {
    "returns": ("retrace", "look_ahead"),
    "critic_loss": ("squared", "loss"),
    "dual": ("stable", "dual"),
    "dual_solver": ("newton", "solve"),
    "estep": ("nonparametric", "weights"),
    "likelihood": ("joint", "kl_terms"),
    "kl": ("joint", "count"),
    "covariance": ("diagonal", "deviation"),
    "mean": ("tanh", "mean"),
    "target_update": ("polyak", "refresh"),
}
"""An option of each kind that has functions, and one of them; the name of a device is PyTorch's."""
TAKING = """

from functools import wraps

from mpo.settings import OptionParameters

called = []


class Parameters(OptionParameters):
    share: float = 0.5
    \"\"\"What it is.\"\"\"


def taking(function):
    def taken(*arguments, parameters: Parameters):
        called.append(parameters.share)
        return function(*arguments)

    return taken


NAME = taking(NAME)
"""


@pytest.mark.parametrize("field", PER_KIND)
def test_every_kind_of_option_gets_its_parameters(put, field: str) -> None:
    name, function = PER_KIND[field]
    put(file_of(field, name).read_text() + TAKING.replace("NAME", function), field)
    small = {"compile": False, "batch_size": 16, "policy_target_period": 1}
    chosen = settings({**small, field: "lower_confidence", f"{field}.share": 0.125})
    attempt(chosen, 3, 2)
    called = set(chosen.option(field).called)
    assert called == {0.125}


def test_a_class_of_an_option_reads_them_in_the_settings(put) -> None:
    """A protocol's classes are given the settings; constants alone are given nothing."""
    declared_ = TAKING.partition("def taking")[0].replace("from functools import wraps\n", "")
    put(file_of("protocol", "off_policy").read_text() + declared_, "protocol")
    chosen = settings({"protocol": "lower_confidence", "protocol.share": 0.125})
    assert chosen.parameters("protocol").model_dump() == {"share": 0.125}
    assert chosen.option("protocol").Training
    put(file_of("action_entry", "second").read_text() + declared_, "action_entry")
    with pytest.raises(OptionError, match="not taken, as the last argument parameters of any func"):
        settings({"action_entry": "lower_confidence"}).option("action_entry")


def test_an_update_with_parameters_trains_many_seeds_at_once(put) -> None:
    """Each seed's part is what it is alone, and another beta makes another one."""
    put()
    chosen = settings({**MINE, "backup.beta": 0.5, **SMALL})
    networks = Networks(chosen, 3, 2)
    states = [initial_state(networks, torch.Generator().manual_seed(seed)) for seed in range(2)]
    batch = Arguments(chosen, 2).batch(3)
    noise = torch.randn(chosen.action_samples, batch.reward.numel(), 2)
    update = Update(networks)
    alone = [update(state, batch, noise)[0] for state in states]
    stacked = tree_map(lambda *parts: torch.stack(parts), *states)
    together = torch.func.vmap(update, in_dims=(0, None, None))(stacked, batch, noise)[0]
    for index, one in enumerate(alone):
        torch.testing.assert_close(together.critic.parameters[index], one.critic.parameters)
    other = Update(Networks(settings({**MINE, "backup.beta": 1.5, **SMALL}), 3, 2))
    assert not torch.equal(other(states[0], batch, noise)[0].critic.parameters, alone[0].critic[0])
