"""What a study will still take: reckoned before it starts, and by its own runs from then on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mpo.benchmark import expected, extrapolation
from mpo.project import SHIPPED
from mpo.rundir import write_atomically
from mpo.study.config import load_study
from mpo.study.remaining import on, remaining
from mpo.study.status import study_status
from mpo.study.study import Run, Study


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study(SHIPPED / "config/smoke.yaml")


def ended(root: Path, study: Study, run: Run, wall_s: float) -> None:
    record = {"settings_digest": run.settings_digest, "code_digest": run.code_digest}
    record |= {"status": "completed", "steps": run.settings.steps, "wall_s": wall_s}
    record |= {"cpu_s": wall_s - 1.0}
    file = root / study.folder / run.path / "run.json"
    file.parent.mkdir(parents=True)
    write_atomically(file, json.dumps(record).encode())


def test_before_anything_runs_it_is_what_the_benchmark_reckons(study: Study, tmp_path: Path):
    found = json.loads(expected.MEASURED.read_text())
    costs = {name: found[name] for name in study.variants}
    hours = sum(extrapolation.core_hours(study, costs).values())
    rest = remaining(study_status(study, tmp_path), expected.seconds(study))
    assert len(rest) == len(study.runs)
    assert sum(seconds or 0.0 for _, seconds in rest) / 3600 == pytest.approx(hours)
    assert expected.said(study, [2], tmp_path).startswith("study smoke: 12 runs are left, about ")


def test_runs_that_ended_say_how_fast_this_machine_is(study: Study, tmp_path: Path):
    reckoned = expected.seconds(study)
    first = study.runs[0]
    ended(tmp_path, study, first, 3 * reckoned[first.path])
    rest = remaining(study_status(study, tmp_path), reckoned)
    assert len(rest) == len(study.runs) - 1
    for status, seconds in rest:
        run = status.run
        like = first if (run.task, run.variant) == (first.task, first.variant) else run
        assert seconds == pytest.approx(3 * reckoned[like.path])


def test_runs_of_the_study_that_it_reproduces_say_more_than_the_benchmark(tmp_path: Path):
    study = replace(load_study(SHIPPED / "config/smoke.yaml"), reproduces="before")
    first, second, *_ = [run for run in study.runs if run.seed == study.seeds[0]]
    before = replace(study, name="before")
    ended(tmp_path, before, first, 70.0)
    ended(tmp_path, before, second, 80.0)
    changed = tmp_path / before.folder / second.path / "run.json"
    changed.write_text(changed.read_text().replace(second.settings_digest, "of other settings"))
    reckoned = expected.seconds(study, tmp_path)
    measured = expected.seconds(replace(study, reproduces=None), tmp_path)
    assert reckoned.keys() == measured.keys()
    for run in study.runs:
        like = (run.task, run.variant) == (first.task, first.variant)
        assert reckoned[run.path] == (69.0 if like else measured[run.path])


def test_a_run_under_way_counts_with_what_it_lacks(study: Study, tmp_path: Path):
    run, whole = study.runs[0], expected.seconds(study)
    said = {"step": 1, "steps": 4, "time": 0.0, "return": 0.0, "steps_per_s": 1.0}
    write_atomically(tmp_path / run.state / "progress.json", json.dumps(said).encode())
    rest = {each.run.path: s for each, s in remaining(study_status(study, tmp_path), whole)}
    assert rest[run.path] == pytest.approx(0.75 * whole[run.path])


def test_no_number_of_cores_makes_a_run_shorter():
    assert on(2, [30.0, 20.0, 10.0]) == 30.0
    assert on(1, [30.0, 20.0, 10.0]) == 60.0
    assert on(16, []) == 0.0


def test_nothing_is_said_of_a_study_that_has_ended_or_was_not_measured(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(expected, "MEASURED", tmp_path / "none.json")
    assert expected.seconds(study) == {}
    assert expected.said(study, root=tmp_path) == ""
