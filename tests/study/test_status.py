"""The states of a study's runs, and the list of variants."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from mpo.rundir import FINISHED, RUN, RUN_FILES
from mpo.rundir.progress import end
from mpo.study.config import Study, load_study
from mpo.study.entries import load_variants
from mpo.study.listing import differences, variants_table
from mpo.study.queue import job, waiting
from mpo.study.remaining import duration, remaining, said
from mpo.study.status import SILENT_S, UNHEARD_S, study_status
from mpo.study.status_table import status_table
from mpo.study.study import Run
from mpo.study.yaml_files import PROJECT

NOW = 1_800_000_000.0
SWEPT = {
    "mine": {
        "base": "paper",
        "change": "the bound",
        "source": "made up",
        "sweep": {"epsilon": [0.5, 2]},
    }
}
"""An entry of variants.yaml whose values are variants."""


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mpo.study.status.time.time", lambda: NOW)


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study(PROJECT / "config" / "smoke.yaml", ["seeds=[0]", "variants=[paper]"])


def write(file: Path, content: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content))


def finish(root: Path, study: Study, run: Run, **changes: Any) -> None:
    record = {
        "status": "completed",
        "steps": run.settings.steps,
        "settings_digest": run.settings_digest,
        "code_digest": run.code_digest,
    }
    write(root / study.folder / run.path / "run.json", record | changes)


def progress(
    root: Path, run: Run, changes: dict[str, Any] | None = None, age_s: float = 1.0
) -> None:
    record = {
        "step": run.settings.steps // 4,
        "steps": run.settings.steps,
        "steps_per_s": run.settings.steps / 400,
        "return": 12.25,
        "pid": 1,
        "time": NOW - age_s,
    }
    write(root / run.state / "progress.json", record | (changes or {}))


def states(root: Path, study: Study) -> list[str]:
    return [status.state for status in study_status(study, root)]


def test_a_study_that_has_not_begun_waits(study: Study, tmp_path: Path):
    assert states(tmp_path, study) == ["waiting", "waiting"]


def test_done_and_diverged_are_read_from_the_runs(study: Study, tmp_path: Path):
    first, second = study.runs
    finish(tmp_path, study, first)
    finish(tmp_path, study, second, status="diverged", steps=second.settings.steps // 2)
    assert states(tmp_path, study) == ["done", "diverged"]
    assert study_status(study, tmp_path)[1].share == 0.5


def test_a_run_that_diverged_before_its_first_step_has_no_rate(study: Study, tmp_path: Path):
    finish(tmp_path, study, study.runs[0], status="diverged", steps=0, wall_s=0.5)
    status = study_status(study, tmp_path)[0]
    assert (status.state, status.share, status.step_s) == ("diverged", 0.0, None)


@pytest.mark.parametrize("digest", ["settings_digest", "code_digest"])
def test_files_of_other_settings_or_code_do_not_count(study: Study, tmp_path: Path, digest: str):
    finish(tmp_path, study, study.runs[0], **{digest: "0" * 64})
    assert states(tmp_path, study)[0] == "waiting"


def test_a_running_run_says_how_long_it_will_take(study: Study, tmp_path: Path):
    progress(tmp_path, study.runs[0])
    status = study_status(study, tmp_path)[0]
    assert (status.state, status.share, status.last_return) == ("running", 0.25, 12.25)
    assert status.left_s == pytest.approx(300)  # three quarters of 400 s
    row = next(line for line in status_table(study, tmp_path).splitlines() if "running" in line)
    assert row.split()[-5:] == ["running", "25%", "12.2", "5", "min"]


def test_a_run_that_is_silent_or_has_no_rate_yet(study: Study, tmp_path: Path):
    progress(tmp_path, study.runs[0], age_s=SILENT_S + 5)
    progress(tmp_path, study.runs[1], {"steps_per_s": 0.0, "return": None})
    stopped, running = study_status(study, tmp_path)
    assert (stopped.state, stopped.left_s) == ("silent", None)
    assert (running.state, running.left_s, running.last_return) == ("running", None, None)


def test_a_run_that_compiles_may_be_silent_for_longer(study: Study, tmp_path: Path):
    progress(tmp_path, study.runs[0], {"doing": "compiling"}, age_s=SILENT_S + 5)
    progress(tmp_path, study.runs[1], {"doing": "compiling"}, age_s=UNHEARD_S + 5)
    assert states(tmp_path, study) == ["running", "silent"]


def test_a_run_that_only_says_how_it_ended(study: Study, tmp_path: Path):
    """As `mpo external` has it of a program whose files are no run."""
    run = study.runs[0]
    end(tmp_path / run.state, "failed", "it is no run")
    status = study_status(study, tmp_path)[0]
    assert (status.state, status.share, status.last_return) == ("failed", None, None)
    assert status.why == "it is no run"
    assert f"{run.task}/paper/0 failed: it is no run" in status_table(study, tmp_path)


def test_a_running_run_that_tells_nothing_of_its_steps(study: Study, tmp_path: Path):
    write(tmp_path / study.runs[0].state / "progress.json", {"time": NOW, "steps_per_s": 5.0})
    status = study_status(study, tmp_path)[0]
    assert (status.state, status.share, status.left_s) == ("running", None, None)


@pytest.mark.parametrize("ended", ["completed", "diverged"])
def test_a_run_of_other_code_need_not_tell_its_steps(study: Study, tmp_path: Path, ended: str):
    finish(tmp_path, study, study.runs[0], status=ended, wall_s=100.0)
    file = tmp_path / study.folder / study.runs[0].path / "run.json"
    record = json.loads(file.read_text())
    del record["steps"]
    write(file, record)
    status = study_status(study, tmp_path)[0]
    state, share = {"completed": ("done", 1.0), "diverged": ("diverged", None)}[ended]
    assert (status.state, status.share, status.step_s) == (state, share, None)
    assert status_table(study, tmp_path)


@pytest.mark.parametrize("how", ["stopped", "failed"])
def test_a_run_says_how_it_ended(study: Study, tmp_path: Path, how: str):
    ended = {"how": how, "why": "no such GPU"}
    progress(tmp_path, study.runs[0], {"ended": ended}, age_s=SILENT_S + 5)
    status = study_status(study, tmp_path)[0]
    assert (status.state, status.share, status.why) == (how, 0.25, "no such GPU")


def log_of(root: Path, study: Study, run: Run, text: str, age_s: float) -> Path:
    file = root / study.folder / f"logs/train/{run.task}/{run.variant}/{run.seed}.log"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    os.utime(file, (NOW - age_s, NOW - age_s))
    return file


def test_the_last_lines_of_a_failed_run_s_log_are_shown(study: Study, tmp_path: Path):
    """The first failed before it began, and has said nothing since; the second said so itself."""
    first, second = study.runs
    lines = "".join(f"line {number}\n" for number in range(1, 6))
    log = log_of(tmp_path, study, first, lines, SILENT_S + 5)
    progress(tmp_path, second, {"ended": {"how": "failed", "why": "disk full"}})
    said = status_table(study, tmp_path).splitlines()
    assert said[-1] == "study smoke: 2 runs, 2 failed"
    assert said[-8:-2] == [
        f"{first.task}/paper/0 failed",
        f"  {log}:",
        *("    line 3", "    line 4", "    line 5"),
        f"{second.task}/paper/0 failed: disk full",
    ]


def test_one_run_is_counted_as_one(tmp_path: Path):
    tasks = 'tasks={"cartpole-balance": 5000}'
    file = PROJECT / "config" / "smoke.yaml"
    one = load_study(file, ["seeds=[0]", "variants=[paper]", tasks])
    assert status_table(one, tmp_path).splitlines()[-1] == "study smoke: 1 run, 1 waiting"


def test_a_run_that_just_begins_has_not_failed(study: Study, tmp_path: Path):
    log_of(tmp_path, study, study.runs[0], "a warning\n", 5)
    log_of(tmp_path, study, study.runs[1], "", SILENT_S + 5)
    assert states(tmp_path, study) == ["waiting", "waiting"]


def test_a_log_of_the_run_before_is_no_failure(study: Study, tmp_path: Path):
    """Of other settings: what it said is of the run that ended, unless it is newer than that."""
    first, second = study.runs
    for run, age_s in ((first, 50), (second, SILENT_S + 5)):
        log_of(tmp_path, study, run, "resumed at step 100\n", SILENT_S + 10)
        finish(tmp_path, study, run, settings_digest="another")
        record = tmp_path / study.folder / run.path / "run.json"
        os.utime(record, (NOW - age_s, NOW - age_s))
    assert states(tmp_path, study) == ["waiting", "waiting"]
    log_of(tmp_path, study, second, "disk full\n", SILENT_S + 1)
    assert states(tmp_path, study) == ["waiting", "failed"]


def test_what_stands_in_the_queue_is_queued_unless_it_runs_or_is_done(study: Study, tmp_path: Path):
    first, second = study.runs
    others = {(second.task, "1")}
    both = {"train_paper": {(run.task, "0") for run in study.runs}, "train_other": others}
    progress(tmp_path, first)
    found = study_status(study, tmp_path, lambda: both)
    assert [status.state for status in found] == ["running", "queued"]
    progress(tmp_path, first, age_s=SILENT_S + 5)
    finish(tmp_path, study, second)
    found = study_status(study, tmp_path, lambda: both)
    assert [status.state for status in found] == ["queued", "done"]


def test_a_value_of_a_sweep_waits_in_slurm_by_its_rule(tmp_path: Path):
    overrides = ["seeds=[0]", 'variants=["mine@*"]', f"own_variants={json.dumps(SWEPT)}"]
    study = load_study(PROJECT / "config" / "smoke.yaml", overrides)
    run = study.runs[0]
    assert run.variant == "mine@epsilon=0.5"
    line = f"PENDING|/here|rule_train_mine__epsilon_0p5_wildcards_{run.task}_0\n"
    found = study_status(study, tmp_path, lambda: waiting(line, Path("/here")))
    assert [status.state for status in found] == ["queued", "waiting", "waiting", "waiting"]


def test_slurm_s_queue_is_read_by_folder_and_state():
    text = (
        "PENDING|/here|rule_train_a_wildcards_b_wildcards_task_1_0\n"
        "PENDING|/here|rule_train_paper_wildcards_ball_in_cup-catch_12\n"
        "RUNNING|/here|rule_train_paper_wildcards_hopper-hop_1\n"
        "PENDING|/elsewhere|rule_train_paper_wildcards_hopper-hop_2\n"
        "PENDING|/here|(null)\n"
    )
    assert waiting(text, Path("/here")) == {
        "train_a_wildcards_b": {("task_1", "0")},
        "train_paper": {("ball_in_cup-catch", "12")},
    }
    assert waiting("", Path("/here")) == {}


@pytest.mark.parametrize("task", ["hopper-stand", "task_1"])
def test_a_cohort_waits_in_slurm_by_its_task(task: str) -> None:
    line = f"PENDING|/here|rule_train_paper_wildcards_{task}\n"
    assert waiting(line, Path("/here")) == {"train_paper": {job(task, None)}}
    assert job(task, 3) == (task, "3")


def test_the_study_s_time_is_left_at_as_many_runs_at_once_as_now(study: Study, tmp_path: Path):
    """Of 5,000 and 6,000 steps, 300 s are left of the first, at 0.08 s a step; so 480 s follow."""
    progress(tmp_path, study.runs[0])
    assert status_table(study, tmp_path).endswith("; 2 runs are left, about 13 min with 1 at once")
    finish(tmp_path, study, study.runs[0], wall_s=100.0)
    assert status_table(study, tmp_path).endswith(
        "; 1 run is left, about 2 min on 2 cores and 2 min on 16 cores"
    )


def test_what_was_reckoned_counts_until_runs_tell(study: Study, tmp_path: Path):
    """The first took thrice what was reckoned, so the second is taken to as well."""
    first, second = study.runs
    reckoned = {first.path: 100.0, second.path: 600.0}
    assert [s for _, s in remaining(study_status(study, tmp_path), reckoned)] == [100.0, 600.0]
    finish(tmp_path, study, first, wall_s=300.0)
    ((status, seconds),) = remaining(study_status(study, tmp_path), reckoned)
    assert (status.run, seconds) == (second, pytest.approx(1800.0))


def test_the_table_and_the_line_before_a_study_say_the_same(study: Study, tmp_path: Path):
    progress(tmp_path, study.runs[0])
    reckoned = {run.path: 600.0 for run in study.runs}
    line = said(study_status(study, tmp_path), reckoned)
    assert line.startswith("2 runs are left, about ")
    assert status_table(study, tmp_path, reckoned).endswith(f"; {line}")


def test_a_run_of_which_nothing_is_known_is_not_counted_and_said(study: Study, tmp_path: Path):
    line = said(study_status(study, tmp_path), {study.runs[0].path: 60.0}, [1])
    assert (
        line == "2 runs are left, about 1 min on 1 core, not counting 1 of which nothing is known"
    )
    assert said(study_status(study, tmp_path), {}) == ""


def test_a_run_that_is_kept_but_not_in_place_is_neither_waiting_nor_counted(
    study: Study, tmp_path: Path
):
    first, second = study.runs
    for name in RUN_FILES:
        write(tmp_path / first.state / FINISHED / name, {})
    digests = {"settings_digest": first.settings_digest, "code_digest": first.code_digest}
    write(tmp_path / first.state / FINISHED / RUN, digests)
    statuses = study_status(study, tmp_path)
    assert [status.state for status in statuses] == ["kept", "waiting"]
    assert [each.run for each, _ in remaining(statuses, {})] == [second]
    assert "\nkept: finished under state/" in status_table(study, tmp_path)
    (tmp_path / first.state / FINISHED / RUN_FILES[0]).unlink()
    assert states(tmp_path, study) == ["waiting", "waiting"]


def test_a_file_that_is_being_written_is_not_read(study: Study, tmp_path: Path):
    file = tmp_path / study.runs[0].state / "progress.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"step": 1')
    assert states(tmp_path, study)[0] == "waiting"


def test_the_last_line_counts(study: Study, tmp_path: Path):
    finish(tmp_path, study, study.runs[0])
    assert status_table(study, tmp_path).endswith("study smoke: 2 runs, 1 done, 1 waiting")


def test_durations_are_for_readers():
    assert [duration(s) for s in (3.2, 59, 61, 3599, 7500)] == [
        *("3 s", "59 s", "1 min", "1 h 00 min", "2 h 05 min")
    ]


def test_every_variant_is_listed_with_what_it_changes():
    table = variants_table()
    variants = load_variants()
    assert all(f" {name} " in table or f"\n{name}: " in table for name in variants)
    assert differences(variants["improved_estep"], variants) == {"backup": "improved"}
    assert differences(variants["paper"], variants) == {}
    assert differences(variants["converged_estep"], variants) == {"critic_target_period": 2}


def test_each_variant_changes_what_its_definition_says():
    """A row differs from its base in what it names and nothing else."""
    variants = load_variants()
    expected = {
        "stable_dual": {"dual"},
        "huber": {"critic_loss"},
        "td0": {"returns"},
        "improved_estep": {"backup"},
        "soft_estep": {"backup"},
        "converged_estep": {"critic_target_period"},
        "exact_dual": {"dual_solver"},
        "clipped": {"policy_gradient_clip"},
        "decoupled": {"likelihood"},
        "no_kl": {"multipliers"},
        "parametric": {"estep"},
    }
    for name, fields in expected.items():
        assert set(differences(variants[name], variants)) == fields, name
    stabilised = variants["converged_estep"].settings
    assert 50 * stabilised["critic_target_period"] == stabilised["policy_target_period"]
