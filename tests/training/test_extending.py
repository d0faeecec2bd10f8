"""A larger budget goes on from a smaller one's end, where both are evaluated at the same steps."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mpo.training import resumption, run
from mpo.training.extending import origin, trunk
from mpo.training.job import Job
from mpo.training.protocols.off_policy import Training
from tests.runs import contents, described, job, tiny

pytestmark = pytest.mark.usefixtures("unchecked")
LARGER: dict[str, Any] = {"steps": 320, "evaluation_points": 8}
"""Than `tiny`: 160 steps, 4 evaluations; both evaluate every 40 steps."""


def in_one_place(folder: Path, **fields: Any) -> Job:
    """A job whose state folder lies beside those of others."""
    made = job(folder, tiny(fields))
    name = "-".join(str(value) for value in fields.values()) or "tiny"
    return replace(made, out=folder / f"out-{name}", state=folder / "state" / name)


@pytest.fixture
def decisions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The steps after each decision that is trained from here on."""
    made: list[int] = []
    decided = Training._decided

    def deciding(training: Training, control_steps: int) -> None:
        decided(training, control_steps)
        made.append(training.step)

    monkeypatch.setattr(Training, "_decided", deciding)
    return made


@pytest.mark.parametrize("more", [{}, {"environment": "tests.environments:Long-v0"}])
def test_a_larger_budget_goes_on_with_the_bytes_of_one_that_was_never_smaller(
    tmp_path: Path, more: dict[str, Any], decisions: list[int]
) -> None:
    """Where an episode ends with the smaller budget, and where that cuts one."""
    straight = in_one_place(tmp_path / "straight", **LARGER, **more)
    assert run.train(straight, bar=False) == "completed"
    small = replace(in_one_place(tmp_path, **more), extendable=True)
    assert run.train(small, bar=False) == "completed"
    decisions.clear()
    larger = in_one_place(tmp_path, **LARGER, **more)
    assert run.train(larger, bar=False) == "completed"
    assert decisions == [*range(160, 321)]
    assert contents(larger) == contents(straight)
    found = described(larger)
    assert (found["extends"], found["resumed_at"]) == ([159], [159])
    assert found["settings_digest"] == larger.settings_digest
    assert found["wall_s"] > described(small)["wall_s"] / 2
    assert found["episodes"] == described(straight)["episodes"]


def test_a_smaller_budget_s_own_files_are_the_same_where_its_end_is_kept(tmp_path: Path) -> None:
    plain = in_one_place(tmp_path / "plain")
    kept = replace(in_one_place(tmp_path / "kept"), extendable=True)
    for each in (plain, kept):
        assert run.train(each, bar=False) == "completed"
    assert contents(plain) == contents(kept)
    assert origin(in_one_place(tmp_path / "plain", **LARGER)).name == "320-8"


@pytest.mark.parametrize(
    ("fields", "goes_on"),
    [
        (LARGER, True),
        ({**LARGER, "evaluation_final_episodes": 1}, True),
        ({"steps": 320, "evaluation_points": 4}, False),
        ({"steps": 80, "evaluation_points": 2}, False),
        ({**LARGER, "epsilon": 0.2}, False),
        ({**LARGER, "evaluation_episodes": 2}, False),
    ],
)
def test_what_has_a_smaller_budget_s_beginning(
    tmp_path: Path, fields: dict[str, Any], goes_on: bool
) -> None:
    small, other = in_one_place(tmp_path), in_one_place(tmp_path, **fields)
    place = small.state_folder / f"extendable-{trunk(small)[:16]}-160"
    place.mkdir(parents=True)
    assert (origin(other) == place) is goes_on
    assert origin(replace(other, seed=1)) != place


def test_of_several_codes_the_run_s_own_is_gone_on_from(tmp_path: Path) -> None:
    """Though another has a larger budget, or comes first or last by name."""
    larger = in_one_place(tmp_path, **LARGER)
    code, made = larger.code_digest[:16], {}
    for name, steps in ((f"a-{'0' * 16}", 160), (f"b-{code}", 160), (f"c-{'f' * 16}", 240)):
        place = tmp_path / "state" / name / f"extendable-{trunk(larger)[:16]}-{steps}"
        place.mkdir(parents=True)
        made[name[0]] = place
    assert origin(larger) == made["b"]


def test_a_fresh_run_begins_at_nought(tmp_path: Path) -> None:
    small = replace(in_one_place(tmp_path), extendable=True)
    assert run.train(small, bar=False) == "completed"
    larger = in_one_place(tmp_path, **LARGER)
    assert run.train(larger, bar=False, fresh=True) == "completed"
    assert (described(larger)["extends"], described(larger)["resumed_at"]) == ([], [])


def test_another_mode_starts_anew_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    small = replace(in_one_place(tmp_path), extendable=True)
    assert run.train(small, bar=False) == "completed"
    monkeypatch.setattr(resumption, "_mode", lambda training: {"compiled": True})
    larger = in_one_place(tmp_path, **LARGER)
    assert run.train(larger, bar=False) == "completed"
    assert "its checkpoint has mode compiled False, here True" in caplog.text
    assert described(larger)["extends"] == []
