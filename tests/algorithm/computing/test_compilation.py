"""Compiled updates equal eager ones; a compiled method is called directly, and is its owner's own.

To compile an update takes half a minute of a slow processor, so that options share the updates
that are always compiled; `make soak` compiles those of every variant.
"""

from __future__ import annotations

import shutil
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor

from mpo.algorithm.computing.devices.cpu import COMPILERS, InPlace
from mpo.settings.options import OPTION_PACKAGES, options
from tests.apart import apart
from tests.learning import VARIANTS, compiled_against_eager, small

COMPILES = pytest.mark.skipif(
    not any(shutil.which(name) for name in COMPILERS), reason="there is no C++ compiler"
)
STABILISED = VARIANTS["stabilised"]
HUBER = {
    **STABILISED,
    "backup": "soft",
    "critic_loss": "huber",
    "dual_solver": "newton",
    "mean": "tanh",
}
UPDATES: dict[str, list[dict[str, Any]]] = {
    "paper, a critic of three layers": [{"critic_hidden": [8, 7, 6]}],
    # of the same shapes in one process, so that nothing but the numbers would tell them apart
    "stabilised, beside other losses": [
        STABILISED,
        HUBER,
        {**HUBER, "critic_loss.delta": 0.01},
    ],
    "no step bounded": [
        {
            "backup": "improved",
            "returns": "td0",
            "dual_solver": "slsqp",
            "multipliers": "zero",
            "action_entry": "input",
            "layer_norm": True,
            "target_update": "polyak",
        }
    ],
    "parametric": [
        {"estep": "parametric", "returns": "n_step", "covariance": "diagonal", "mean": "sigmoid"}
    ],
}
"""Settings of learners, those of an entry in one process."""


class Pair(NamedTuple):
    total: Tensor
    step: Tensor


class Adder:
    """Adds its factor times a step."""

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def add(self, unused: Tensor, pair: Pair) -> None:
        pair.total.add_(self.factor * pair.step)


def _totals() -> list[list[float]]:
    found = []
    adders = [InPlace(Adder(factor).add) for factor in (1.0, 10.0)]
    for adder in adders:
        pair = Pair(torch.zeros(3), torch.ones(3))
        adder(torch.full((3,), torch.nan), pair)
        adder._first = None  # type: ignore[assignment]  # what `torch.compile` gave is done with
        adder(torch.full((3,), torch.nan), pair._replace(step=torch.tensor([2.0, 3.0, 4.0])))
        found.append(pair.total.tolist())
    return found


def test_later_calls_go_to_the_graph_of_their_own_owner_with_the_arguments_of_each_call() -> None:
    assert apart(_totals) == [[3.0, 4.0, 5.0], [30.0, 40.0, 50.0]]


@COMPILES
@pytest.mark.parametrize("name", UPDATES)
def test_compiled_equals_eager_to_rounding(name: str) -> None:
    assert compiled_against_eager(UPDATES[name]) < 1e-3


def test_every_option_is_compiled_in_one_of_them() -> None:
    made = [small(fields) for updates in UPDATES.values() for fields in updates]

    def found(field: str) -> set[Any]:
        return {getattr(chosen, field) for chosen in made}

    for field in OPTION_PACKAGES.keys() - {"protocol", "device"}:
        assert found(field) == set(options(field)), field
    for field in ("layer_norm", "action_penalty"):
        assert found(field) == {True, False}, field
    for field in ("policy_gradient_clip", "critic_gradient_clip"):
        assert {value is None for value in found(field)} == {True, False}, field
    assert found("multipliers") == {"learned", "zero"}
    assert found("multiplier_step") == {"before", "together"}


@COMPILES
@pytest.mark.soak
def test_compiled_equals_eager_for_as_many_action_dimensions_as_a_quadruped_has() -> None:
    """Full covariances; of this many, and batches that are not small, the compiler once gave up."""
    as_usual = {"batch_size": 256, "action_samples": 20, "critic_hidden": (200, 200)}
    assert compiled_against_eager([as_usual], action_size=12) < 1e-3


@pytest.mark.soak
@COMPILES
@pytest.mark.parametrize("name", VARIANTS)
def test_compiled_equals_eager_for_every_variant(name: str) -> None:
    assert compiled_against_eager([VARIANTS[name]]) < 1e-3
