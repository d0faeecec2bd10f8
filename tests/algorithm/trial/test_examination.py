"""Every shipped option keeps its kind's contract and identity; broken ones are told apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from mpo.algorithm.trial.examination import Check, examine
from mpo.algorithm.trial.identities import IDENTITIES
from mpo.commands.checking import COMPANIONS
from mpo.settings import OPTION_PACKAGES, option, options, settings
from mpo.settings.contracts import CONTRACTS
from mpo.settings.options import file_of
from mpo.study.entries import load_variants
from tests.own_options import LOWER_CONFIDENCE, put_option

pytestmark = pytest.mark.usefixtures("unchecked")
EVERY = [(field, name) for field in OPTION_PACKAGES for name in options(field)]
ITERATIONS = load_variants()["seed_report"].settings


def examined(field: str, name: str) -> dict[str, Check]:
    companions = ITERATIONS if name == "iterations" else COMPANIONS.get(field, {})
    return {check.name: check for check in examine(field, settings({**companions, field: name}))}


@pytest.mark.parametrize(("field", "name"), EVERY)
def test_a_shipped_option_passes_every_check(field: str, name: str) -> None:
    if field == "device" and not option(field, name).available():
        pytest.skip("there is no such device here")
    found = examined(field, name)
    assert {check.fault for check in found.values()} == {None}
    asked = {check.partition(":")[0] for check in found}
    assert set(CONTRACTS[field].attributes) <= asked
    assert (field in IDENTITIES) == any(check.startswith("identity: ") for check in found)


WRONG = {  # of a kind: an option, what is replaced in it, and the check that then fails
    "backup": ("policy", "q.mean(0)", "q.mean(0) + 1.0", "identity"),
    "returns": ("td0", "discount * alive", "alive", "identity"),
    "critic_loss": ("squared", "0.5 * error.square()", "0.5 * (error + 0.1).square()", "identity"),
    "estep": ("nonparametric", "estep_weights(q, temperature)", "q.cumsum(0)", "identity"),
    "dual": ("stable", "temperature * epsilon + ", "", "identity"),
    "dual_solver": ("newton", "slope = epsilon - ", "slope = 2 * epsilon - ", "identity"),
    "covariance": ("diagonal", "return difference / scale", "return difference", "identity"),
    "likelihood": ("joint", "policy.mean - target.mean", "policy.mean + 1.0", "identity"),
    "kl": ("joint", "terms.sum(-1, keepdim=True)", "terms.sum(-1, keepdim=True) - 1.0", "identity"),
    "mean": ("tanh", "np.tanh(raw, out=raw)", "np.clip(raw, -1, 1)", "identity"),
    "target_update": ("polyak", "target.lerp_(online", "target.lerp_(2 * online", "identity"),
}


@pytest.mark.parametrize("field", IDENTITIES)
def test_a_broken_identity_is_told(
    field: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, old, new, check = WRONG[field]
    text = file_of(field, name).read_text()
    assert old in text
    put_option(field, "mine", text.replace(old, new), tmp_path / field, monkeypatch)
    failed = {
        c.name.partition(":")[0]: c.fault for c in examined(field, "mine").values() if c.fault
    }
    assert "the sides differ by" in failed[check].what


@pytest.mark.parametrize(
    ("old", "new", "failing"),
    [
        ("q.mean(0) - parameters.beta * q.std(0)", "q.mean()", {"value: shape", "an update"}),
        ("q.mean(0) -", "(q.sum(0) / 0.0) -", {"value: shape", "identity"}),
        ("q.mean(0) -", "q.mean(0) if q.sum() > 0 else", {"value: compiled", "value: many seeds"}),
        ("parameters.beta *", "parameters.betta *", {"value: shape", "identity", "an update"}),
    ],
)
def test_the_checks_that_fail_are_those_that_see_it(
    old: str, new: str, failing: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_option("backup", "mine", LOWER_CONFIDENCE.replace(old, new), tmp_path, monkeypatch)
    failed = {check.name for check in examined("backup", "mine").values() if check.fault}
    assert all(any(name.startswith(part) for name in failed) for part in failing), failed
