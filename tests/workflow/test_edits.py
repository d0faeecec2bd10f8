"""After a finished study: an edit, an addition, a failure plan the jobs that they concern alone.

Its files are made empty, and `--touch` records them as the outputs of their jobs.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from mpo.evaluation.showing.failures import Absent, Exhibit, attempt
from mpo.settings.digests import code_digest
from mpo.settings.equality import equalities
from mpo.study.config import load_study
from mpo.study.yaml_files import PROJECT
from tests.shown_equal import record, shown
from tests.workflow.planning import (
    AFTER_TRAINING,
    CONFIG,
    VARIANTS,
    append,
    begin,
    edit,
    planned,
    runs,
    trained,
)
from tests.workflow.project import snakemake


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which the study is finished, as far as Snakemake knows."""
    folder = tmp_path_factory.mktemp("finished")
    begin(folder)
    finish(folder)
    return folder


def finish(folder: Path) -> None:
    """Make the manifest, and what stands for all the rest."""
    files = planned(folder)[1]
    made = snakemake(folder, CONFIG, "results/trial/manifest.json")
    assert made.returncode == 0, made.stderr
    files.remove("results/trial/manifest.json")
    for file in files:
        path = folder / file
        (path.parent if path.suffix else path).mkdir(parents=True, exist_ok=True)
        if path.suffix:
            path.touch()
    result = snakemake(folder, CONFIG, "--touch", "--forceall")
    assert result.returncode == 0, result.stderr


@pytest.fixture
def project(finished: Path, tmp_path: Path) -> Path:
    """A finished study of one's own to change."""
    return Path(shutil.copytree(finished, tmp_path / "project"))


def test_a_finished_study_has_nothing_to_do(project: Path):
    assert planned(project)[0] == Counter()


def test_a_new_variant_and_its_name_train_its_own_runs_alone(project: Path):
    with (project / "config" / "variants.yaml").open("a") as file:
        file.write(
            "\nlarge_batch:\n  base: stabilised\n  change: larger batches\n  source: ours\n"
            "  settings: {batch_size: 512}\n"
        )
    assert planned(project)[0] == Counter()  # an entry that no study names
    edit(project / CONFIG, "improved_estep]", "improved_estep, large_batch]")
    rules, outputs = planned(project)
    assert rules == Counter(train_large_batch=4) + AFTER_TRAINING
    assert {run.split("/")[1] for run in runs(outputs)} == {"large_batch"}


EDITS: dict[str, tuple[Callable[[Path], object], dict[str, int]]] = {
    "a comment is added to a module of the learner": (
        lambda at: append(at, "mpo/algorithm/update.py", "\n# a comment\n"),
        {},
    ),
    "a docstring of a backup is reworded": (
        lambda at: edit(
            at / "mpo/algorithm/policy_evaluation/backups/policy.py", '"""', '"""In other words: '
        ),
        {},
    ),
    "an option that no variant names is added": (
        lambda at: (at / "mpo/algorithm/policy_evaluation/backups/mine.py").write_text(
            "MINE = 1\n"
        ),
        {},
    ),
    "a statement is added to one backup": (
        lambda at: append(
            at, "mpo/algorithm/policy_evaluation/backups/improved.py", "\nMORE = 1\n"
        ),
        {"improved_estep": 4},
    ),
    "a statement is added to a module of the learner": (
        lambda at: append(at, "mpo/algorithm/update.py", "\nMORE = 1\n"),
        {"paper": 4, "stabilised": 4, "improved_estep": 4},
    ),
    "a setting of one variant is changed": (
        lambda at: edit(at / "config/variants.yaml", "epsilon_mean: 0.005", "epsilon_mean: 0.004"),
        {"stabilised": 4, "improved_estep": 4},
    ),
    "a default of the settings is changed for the study": (
        lambda at: append(at, CONFIG, "settings: {epsilon: 0.2}\n"),
        {"paper": 4, "stabilised": 4, "improved_estep": 4},
    ),
    "a task's budget is changed": (
        lambda at: edit(at / CONFIG, "acrobot-swingup: 1000", "acrobot-swingup: 2000"),
        {"paper": 2, "stabilised": 2, "improved_estep": 2},
    ),
    "a seed is added": (
        lambda at: edit(at / CONFIG, "[0, 1]", "[0, 1, 2]"),
        {"paper": 2, "stabilised": 2, "improved_estep": 2},
    ),
    "a task's entry is reworded": (
        lambda at: edit(at / "config/tasks.yaml", "Tassa et al. 2018", "Tassa and others 2018"),
        {},
    ),
    "a run's folder is deleted": (
        lambda at: shutil.rmtree(at / "results/trial/runs/cartpole-balance/paper/0"),
        {"paper": 1},
    ),
}
"""What is done to the project after a study, and the runs of each variant that are trained then."""


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_trains_the_runs_that_it_concerns_and_the_page_says_so(project: Path, name: str):
    change, expected = EDITS[name]
    change(project)
    plan = planned(project)
    assert trained(plan) == expected
    assert not expected or plan[0] | Counter(["manifest"]) >= AFTER_TRAINING
    each = ", ".join(f"{count} of `{variant}`" for variant, count in expected.items())
    line = f"| {name} | {each or 'none'} |"
    assert line in (PROJECT / "docs/faults.md").read_text().splitlines(), line


@pytest.mark.soak  # what `verify` finds equal: tests/commands/verifying; what is trained: below
def test_an_edit_that_is_shown_equal_trains_nothing_and_the_next_one_what_it_concerns(
    project: Path,
):
    """The record outlives the manifest's being written again, and holds where it was shown."""
    study, folder = load_study(project / CONFIG), project / "results/trial"
    for run in study.runs:
        digests = {"settings_digest": run.settings_digest, "code_digest": run.code_digest}
        (folder / run.path / "run.json").write_text(json.dumps(digests))
    study.write_manifest(folder / "manifest.json")
    append(project, "mpo/algorithm/update.py", "\nMORE = 1\n")
    links = [
        shown(run.code_digest, code_digest(run.settings, project / "mpo"), **key)
        for run in study.runs
        if run.seed == 0
        and (key := {"task": run.task, "variant": run.variant})["variant"] != "paper"
    ]
    record(folder, *links)
    assert trained(planned(project)) == {"paper": 4}
    written = snakemake(project, CONFIG, "--until", "manifest")
    assert written.returncode == 0, written.stderr
    assert equalities(folder / "manifest.json") == tuple(links)
    today = {
        run["code_digest"] for run in json.loads((folder / "manifest.json").read_text())["runs"]
    }
    assert today >= {link.new_code_digest for link in links}
    assert trained(planned(project)) == {"paper": 4}
    append(project, "mpo/algorithm/policy_evaluation/backups/improved.py", "\nMORE = 1\n")
    assert trained(planned(project)) == {"paper": 4, "improved_estep": 4}
    (folder / "manifest.json").write_text("{")
    refused = snakemake(project, CONFIG, "--dry-run")
    assert refused.returncode != 0
    assert "results/trial/manifest.json" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_new_seed_and_a_changed_budget_train_what_they_add(project: Path):
    edit(project / CONFIG, "[0, 1]", "[0, 1, 2]")
    edit(project / CONFIG, "acrobot-swingup: 1000", "acrobot-swingup: 2000")
    _, outputs = planned(project)
    assert sorted(runs(outputs)) == sorted(
        [f"acrobot-swingup/{name}/{seed}" for name in VARIANTS for seed in (0, 1, 2)]
        + [f"cartpole-balance/{name}/2" for name in VARIANTS]
    )


def test_an_edit_of_a_figure_draws_that_figure_again(project: Path):
    with (project / "mpo/evaluation/showing/figures/temperature.py").open("a") as file:
        file.write("\nMORE = 1\n")
    rules, _ = planned(project)
    assert rules == Counter(["figure_temperature", "report_markdown", "report_html", "all"])


def test_what_failed_is_planned_again_until_it_came_and_what_cannot_be_is_not(project: Path):
    """The failure itself is all that differs; that it came is no news."""
    study, reports = project / "results/trial", ["report_markdown", "report_html", "all"]
    again = Counter(["figure_cost", *reports])

    def raises(error: Exception) -> Callable[[], None]:
        def make() -> None:
            raise error

        return make

    exhibit = Exhibit("figure", "cost", "figure_cost")
    attempt(exhibit, study, raises(Absent("no run logged its time")))
    assert planned(project)[0] == Counter()
    attempt(exhibit, study, raises(ValueError("limits")))
    assert planned(project)[0] == again
    assert snakemake(project, CONFIG, "--touch").returncode == 0
    assert planned(project)[0] == Counter()
    attempt(exhibit, study, raises(ValueError("limits")))
    assert planned(project)[0] == again
    assert snakemake(project, CONFIG, "--touch").returncode == 0
    attempt(exhibit, study, lambda: None)
    assert planned(project)[0] == Counter()
    attempt(Exhibit("text", "origins", "report_markdown"), study, raises(ValueError("odd")))
    assert planned(project)[0] == Counter(reports)


def test_a_rule_of_the_users_own_joins_the_study(project: Path):
    extra = project / "workflow" / "rules" / "extra"
    (extra / "uniform.py").write_text("print('trains')\n")
    with (project / "config" / "variants.yaml").open("a") as file:
        file.write(
            "\nuniform:\n  change: other code\n  source: ours\n"
            "  external: [workflow/rules/extra/uniform.py]\n"
        )
    edit(project / CONFIG, "improved_estep]", "improved_estep, uniform]")
    refused = snakemake(project, CONFIG, "--dry-run")
    assert refused.returncode != 0
    assert "a rule train_uniform is required: variant uniform is external" in refused.stderr
    (extra / "uniform.smk").write_text(
        "rule train_uniform:\n"
        '    output: **run_outputs("uniform"),\n'
        '    params: **run_params("uniform"),\n'
        '    shell: "python workflow/rules/extra/uniform.py {params.settings_digest}"\n'
    )
    assert planned(project)[0] == Counter(train_uniform=4) + AFTER_TRAINING
