"""A run killed at any moment, files half-written, and resumed equals one never interrupted."""

from __future__ import annotations

from pathlib import Path

import pytest

from mpo.settings import Settings
from tests.soak.killing import ENVIRONMENTS, Survived, killed, small, straight

TASKS = tuple(ENVIRONMENTS)
STEPS = {"cartpole-balance": 3000, "InvertedDoublePendulum-v5": 1000}
MANY = [
    (variant, task)
    for variant in ("paper", "stabilised", "soft_estep", "exact_dual", "parametric", "seed_report")
    for task in TASKS
]


@pytest.mark.parametrize(
    ("variant", "task"),
    [
        pytest.param("stabilised", "cartpole-balance", marks=pytest.mark.soak),
        ("paper", "InvertedDoublePendulum-v5"),
    ],
)
def test_a_few_kills_change_no_byte(variant: str, task: str, tmp_path: Path) -> None:
    survived = survives(tmp_path, small(variant, task, STEPS[task]), kills=3, seed=1)
    assert survived.while_writing >= 2


@pytest.mark.soak
@pytest.mark.parametrize(("variant", "task"), MANY)
def test_many_kills_change_no_byte(variant: str, task: str, tmp_path: Path, capsys) -> None:
    """12 x 8 kills, of which checkpoints and results half-written; every one is gone on from."""
    chosen = small(variant, task, 3 * STEPS[task])
    survived = survives(tmp_path, chosen, kills=8, seed=MANY.index((variant, task)))
    assert survived.while_writing >= 4
    with capsys.disabled():
        print(
            f"\n{variant} on {task}: {survived.kills} kills, {survived.while_writing} while "
            f"writing, resumed at steps {survived.resumed_at}"
        )


def survives(folder: Path, chosen: Settings, kills: int, seed: int) -> Survived:
    """Holds a run that is killed, and resumed from a checkpoint each time, to one left alone."""
    expected, moments = straight(folder / "straight", chosen)
    found, survived = killed(folder / "killed", chosen, kills, seed, moments)
    assert found == expected
    assert survived.kills == kills
    assert survived.resumed_at == sorted(survived.resumed_at)
    assert survived.resumed_at
    return survived
