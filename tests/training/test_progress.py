"""progress.json and the seconds it remembers; the clock of a run."""

import json
import math
from pathlib import Path

import pytest

from mpo.training import progress
from mpo.training.clock import PARTS, Clock
from mpo.training.progress import Progress, spent


def test_progress_says_where_a_run_is_and_what_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("mpo.training.progress.time.time", lambda: now[0])
    progress = Progress(tmp_path, {"task": "toy", "seed": 3}, 10, 100, bar=False)
    file = tmp_path / "progress.json"
    now[0] += 2.0
    progress.report(20, "collecting", math.nan, 5.0, 4.0)
    first = json.loads(file.read_text())
    assert (first["task"], first["seed"], first["doing"]) == ("toy", 3, "collecting")
    assert (first["step"], first["steps"], first["return"]) == (20, 100, None)
    assert first["steps_per_s"] == 5.0
    assert spent(tmp_path) == (5.0, 4.0)
    now[0] += 10.0
    progress.report(40, "evaluating", 7.0, 7.0, 6.0)
    second = json.loads(file.read_text())
    assert (second["step"], second["return"], second["wall_s"]) == (40, 7.0, 7.0)
    assert (second["steps_per_s"], second["time"]) == (2.5, 1012.0)
    progress.close(40)


@pytest.mark.parametrize(
    "text", [None, "{", "[]", '{"wall_s": 1.0}', '{"wall_s": 1, "cpu_s": "x"}']
)
def test_what_is_unknown_counts_as_no_seconds(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "progress.json").write_text(text)
    assert spent(tmp_path) == (0.0, 0.0)


def test_bar_shows_steps_and_the_time_left_from_where_the_run_went_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten steps in two minutes, forty left."""
    now = [1000.0]
    monkeypatch.setattr("tqdm.std.time", lambda: now[0])
    progress = Progress(tmp_path, {}, 50, 100, bar=True)
    now[0] += 120.0
    progress.report(60, "evaluating", 12.0, 1.0, 1.0)
    said = capsys.readouterr().err
    assert "60/100" in said
    assert "02:00<08:00" in said
    assert "evaluating, return 12.0" in said
    progress.close(100)
    assert "100/100" in capsys.readouterr().err


def test_clock_goes_on_from_earlier_attempts() -> None:
    clock = Clock(100.0, 50.0)
    assert clock.wall_s >= 100.0
    assert clock.cpu_s >= 50.0


def test_a_part_within_another_is_not_counted_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("mpo.training.clock.time.perf_counter", lambda: now[0])
    clock = Clock()
    with clock.part("evaluation"):
        now[0] += 1.0
        for _ in range(2):
            with clock.part("checkpoint"):
                now[0] += 4.0
        now[0] += 2.0
    with clock.part("evaluation"):
        now[0] += 8.0
    assert (clock.seconds["evaluation"], clock.seconds["checkpoint"]) == (11.0, 8.0)


def test_parts_add_up_and_rates_are_since_the_row_before(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("mpo.training.clock.time.perf_counter", lambda: now[0])
    clock = Clock()
    for _ in range(2):
        with clock.part("update"):
            now[0] += 3.0
    with pytest.raises(ZeroDivisionError), clock.part("act"):
        now[0] += 1.0
        raise ZeroDivisionError
    assert clock.seconds["update"] == 6.0
    assert clock.seconds["act"] == 1.0
    row = clock.row(300, 50, {"step": 100, "updates": 10, "wall_s": 5.0})
    assert (row["wall_s"], row["update_s"], row["act_s"]) == (7.0, 6.0, 1.0)
    assert (row["steps_per_s"], row["updates_per_s"]) == (100.0, 20.0)
    assert {f"{part}_s" for part in PARTS} <= set(row)


def test_a_run_that_begins_says_so_and_keeps_the_seconds_spent(tmp_path: Path) -> None:
    progress.begin(tmp_path, {"task": "toy"}, 100)
    first = json.loads((tmp_path / "progress.json").read_text())
    assert (first["step"], first["steps"], first["doing"]) == (0, 100, "starting")
    assert progress.heard(tmp_path) == (first["time"], True)
    Progress(tmp_path, {"task": "toy"}, 0, 100, bar=False).report(30, "collecting", 1.0, 9.0, 8.0)
    assert not progress.heard(tmp_path).unheard
    progress.end(tmp_path, progress.FAILED, ValueError("first line\nsecond line"))
    ended = json.loads((tmp_path / "progress.json").read_text())
    assert ended["ended"] == {"how": "failed", "why": "first line"}
    assert (ended["step"], ended["doing"]) == (30, "collecting")
    progress.begin(tmp_path, {"task": "toy"}, 100)
    again = json.loads((tmp_path / "progress.json").read_text())
    assert "ended" not in again
    assert (again["step"], again["doing"]) == (30, "starting")
    assert spent(tmp_path) == (9.0, 8.0)


def test_nothing_was_heard_where_there_is_no_file(tmp_path: Path) -> None:
    assert progress.heard(tmp_path) == (0.0, False)
