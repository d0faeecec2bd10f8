"""A run killed at any moment, files half-written, and resumed equals one never interrupted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mpo.settings import Settings
from tests.soak.killing import ENVIRONMENTS, Survived, killed, small, straight

TASKS = tuple(ENVIRONMENTS)
STEPS = {"cartpole-balance": 4000, "InvertedDoublePendulum-v5": 2000}
MANY = [
    (variant, task)
    for variant in ("paper", "stabilised", "soft_estep", "exact_dual", "parametric", "seed_report")
    for task in TASKS
]


@pytest.mark.parametrize(
    ("variant", "task"),
    [("stabilised", "cartpole-balance"), ("paper", "InvertedDoublePendulum-v5")],
)
def test_a_few_kills_change_no_byte(variant: str, task: str, tmp_path: Path) -> None:
    chosen = small(variant, task, STEPS[task])
    for survived in equal_bytes(tmp_path, chosen, kills=3, seed=1):
        if survived.kills >= 2 and survived.resumed_at:
            return
    pytest.fail("too few kills, or none after a checkpoint, so that nothing was resumed")


@pytest.mark.soak
@pytest.mark.parametrize(("variant", "task"), MANY)
def test_many_kills_change_no_byte(variant: str, task: str, tmp_path: Path, capsys) -> None:
    """At least 12 x 4 kills, checkpoint writing included; every one resumes or starts anew."""
    chosen = small(variant, task, 3 * STEPS[task])
    for survived in equal_bytes(tmp_path, chosen, kills=8, seed=MANY.index((variant, task))):
        with capsys.disabled():
            print(
                f"\n{variant} on {task}: {survived.kills} kills, {survived.while_writing} while "
                f"writing, resumed at steps {survived.resumed_at}"
            )
        if survived.kills >= 4 and survived.while_writing >= 1:
            return
    pytest.fail("too few kills")


def equal_bytes(folder: Path, chosen: Settings, kills: int, seed: int) -> Iterator[Survived]:
    """Kills the run at ever shorter intervals, and holds it to the uninterrupted one each time.

    Shorter, since on a machine that has become faster since that one a run ends before it is
    struck.
    """
    expected, seconds = straight(folder / "straight", chosen)
    for halved in range(5):
        span_s = seconds / 3 / 2**halved
        found, survived = killed(folder / f"killed{halved}", chosen, kills, seed, span_s)
        assert found == expected
        yield survived
