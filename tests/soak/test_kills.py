"""A run killed at any moment, files half-written, and resumed equals one never interrupted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.killing import ENVIRONMENTS, killed, small, straight

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
    expected, seconds = straight(tmp_path / "straight", chosen)
    found, survived = killed(tmp_path / "killed", chosen, kills=3, seed=1, span_s=seconds / 3)
    assert found == expected
    assert survived.kills >= 2
    assert survived.resumed_at, "no kill came after a checkpoint, so nothing was resumed"


@pytest.mark.soak
@pytest.mark.parametrize(("variant", "task"), MANY)
def test_many_kills_change_no_byte(
    variant: str, task: str, tmp_path: Path, record_property, capsys
) -> None:
    """At least 12 x 4 kills, checkpoint writing included; every one resumes or starts anew."""
    chosen = small(
        variant, task, 3 * STEPS[task], observation_normalisation=variant == "stabilised"
    )
    expected, seconds = straight(tmp_path / "straight", chosen)
    seed = MANY.index((variant, task))
    for halved in range(5):
        folder, span_s = tmp_path / f"killed{halved}", seconds / 3 / 2**halved
        found, survived = killed(folder, chosen, kills=8, seed=seed, span_s=span_s)
        with capsys.disabled():
            print(
                f"\n{variant} on {task}: {survived.kills} kills, {survived.while_writing} while "
                f"writing, resumed at steps {survived.resumed_at}"
            )
        assert found == expected
        if survived.kills >= 4 and survived.while_writing >= 1:
            return
        # the machine has become faster since the straight run: it ended before it was struck
    pytest.fail("too few kills")
