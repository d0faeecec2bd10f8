"""The graph: exactly the jobs that a study asks for, planned by Snakemake itself."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.workflow.planning import (
    AFTER_TRAINING,
    CONFIG,
    THEORY,
    VARIANTS,
    begin,
    edit,
    planned,
    runs,
)
from tests.workflow.project import FIGURES, TABLES, snakemake


def test_a_study_s_jobs_are_exactly_those_it_asks_for(tmp_path: Path):
    begin(tmp_path)
    rules, outputs = planned(tmp_path)
    trained = Counter({f"train_{name}": 4 for name in VARIANTS})
    assert rules == trained + AFTER_TRAINING + THEORY
    assert runs(outputs) == sorted(
        f"{task}/{variant}/{seed}"
        for task in ("cartpole-balance", "acrobot-swingup")
        for variant in VARIANTS
        for seed in (0, 1)
    )
    for kind in ("csv", "png", "svg"):
        assert {f"results/trial/figures/{name}.{kind}" for name in FIGURES} <= set(outputs)
    for kind in ("csv", "md"):
        assert {f"results/trial/tables/{name}.{kind}" for name in TABLES} <= set(outputs)
    assert not (tmp_path / "results").exists()  # a dry run writes nothing


def test_from_elsewhere_it_runs_in_the_project_s_folder(tmp_path: Path):
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    project.mkdir()
    elsewhere.mkdir()
    begin(project)
    file, target = str(project / CONFIG), "results/trial/theory/errata.csv"
    options = ("--snakefile", str(project / "Snakefile"), "--touch", "--", target)
    (project / target).parent.mkdir(parents=True)
    for made in (target, "results/trial/theory/errata.md"):
        (project / made).touch()
    result = snakemake(project, file, *options, start=elsewhere)
    assert result.returncode == 0, result.stderr
    assert not (elsewhere / "results").exists()
    assert Path(project, ".snakemake/metadata").is_dir()


def test_a_fault_of_the_configuration_is_one_line(tmp_path: Path):
    begin(tmp_path)
    edit(tmp_path / CONFIG, "stabilised,", "stabilized,")
    result = snakemake(tmp_path, CONFIG, "--dry-run")
    assert result.returncode != 0
    lines = [line for line in result.stderr.splitlines() if not line.startswith("Using workflow")]
    assert len(lines) == 1
    assert lines[0].startswith("trial.yaml: variants.1: 'stabilized' is not allowed; ")
    assert "did you mean stabilised?" in lines[0]
