"""A whole study through Snakemake, trained for real but briefly: files, figures, equal bytes.

One of its variants diverges, on every task. (The theory has a rule a figure too, and is computed in
`tests/theory`; from the shipped runs all is drawn together, in `test_reference`.)
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mpo.evaluation.telling.report import report
from mpo.rundir import RUN_FILES
from tests.workflow.project import FIGURES, TABLES, copy_project, snakemake

STUDY = """
study: brief
study_seed: 1
variants: [paper, stable_dual, exploding]
tasks: {cartpole-balance: 3000, InvertedDoublePendulum-v5: 2000}
seeds: [0]
settings:
  evaluation_points: 4
  evaluation_episodes: 1
  evaluation_final_episodes: 2
  steps_per_update: 4
  logging_updates: 25
  compile: false
"""
EXPLODING = """
exploding:
  base: stable_dual
  change: steps that leave the numbers that there are
  source: ours
  settings: {policy_learning_rate: 1e18, critic_learning_rate: 1e18}
"""
CONFIG = "brief.yaml"
TABLES_OF_THE_CLOCK = ("runs", "cost", "claims")
OF_THE_CLOCK = {
    *(f"{name}.{kind}" for name in TABLES_OF_THE_CLOCK for kind in ("csv", "md", "tex")),
    *("claims_section.md", "report.md", "report.html", "cost.png", "cost.svg"),
    *(f"core_seconds.{kind}" for kind in ("csv", "png", "svg")),
}
"""Files that hold seconds."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which the study has been run."""
    folder = tmp_path_factory.mktemp("study")
    copy_project(folder)
    (folder / CONFIG).write_text(STUDY)
    with (folder / "config/variants.yaml").open("a") as variants:
        variants.write(EXPLODING)
    result = snakemake(folder, CONFIG)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


def test_every_run_writes_its_files(project: Path):
    manifest = json.loads((project / "results/brief/manifest.json").read_text())
    assert len(manifest["runs"]) == 6
    for run in manifest["runs"]:
        folder = project / "results/brief" / run["path"]
        assert all((folder / name).stat().st_size for name in RUN_FILES)
        record = json.loads((folder / "run.json").read_text())
        diverges = run["variant"] == "exploding"
        assert record["status"] == ("diverged" if diverges else "completed")
        assert record["code_digest"] == run["code_digest"]
    assert not any((project / "state").rglob("checkpoint*"))  # nothing is left of finished runs


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_opens_and_shows_something(project: Path, name: str):
    file = project / "results/brief/figures" / f"{name}.png"
    pixels = np.asarray(Image.open(file).convert("L"))
    assert min(pixels.shape) > 200
    assert 0.005 < (pixels < 200).mean() < 0.5  # ink, on paper
    assert file.with_suffix(".svg").read_text().rstrip().endswith("</svg>")
    assert len(file.with_suffix(".csv").read_text().splitlines()) > 3


def test_the_report_holds_every_figure_and_table(project: Path):
    folder = project / "results/brief"
    page = (folder / "report.html").read_text()
    assert page.count("<figure") == len(FIGURES)
    assert page.count("<table") >= len(TABLES)
    assert not re.search("https?:", page.split("</style>")[0])  # opens without a network


def test_a_variant_that_diverges_is_told_and_costs_nothing_else(project: Path):
    folder = project / "results/brief"
    report = (folder / "report.md").read_text()
    assert "2 of 6 runs diverged (1 of exploding on cartpole-balance, 1 of exploding on " in report
    assert report.count("](figures/") == len(FIGURES)
    if "headless OpenGL" not in report:
        lines = [line for line in report.splitlines() if line.startswith("No film of ")]
        for task in ("cartpole-balance", "InvertedDoublePendulum-v5"):
            (line,) = (line for line in lines if f"`exploding` on {task} (seed 0)" in line)
            assert "the final policy cannot be played: action is not finite" in line
            assert "; the run diverged at step " in line
        assert report.count("](films/") == 4
        assert "could not be made" not in report
        assert not (folder / "failures").exists()


def test_a_figure_that_fails_costs_itself_and_is_tried_again_until_it_comes(
    project: Path, tmp_path: Path
):
    copy = Path(shutil.copytree(project, tmp_path / "copy"))
    folder, module = copy / "results/brief", copy / "mpo/evaluation/showing/figures/cost.py"
    whole = module.read_text()
    module.write_text(whole.replace("rows = drawn(frames)", 'raise ValueError("limits")', 1))
    sentence = (
        "The figure `cost` could not be made: `ValueError: limits`; see "
        "`failures/figure_cost.json`."
    )
    done = snakemake(copy, CONFIG)
    assert done.returncode == 0, done.stderr
    assert f"mpo: {sentence}\n" in done.stdout
    assert f"mpo: {sentence} The next call tries again.\n" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "ValueError: limits" in (folder / "logs/figures/cost.log").read_text()
    page = (folder / "report.html").read_text()
    assert page.count("<figure") == len(FIGURES) - 1
    assert "<code>ValueError: limits</code>" in page
    assert "rule figure_cost:" in snakemake(copy, CONFIG, "--dry-run").stdout
    again = snakemake(copy, CONFIG, "--report", "results/brief/provenance.html")
    assert again.returncode == 0, again.stderr

    module.write_text(whole)
    done = snakemake(copy, CONFIG)
    assert done.returncode == 0, done.stderr
    assert "could not be made" not in done.stdout + (folder / "report.md").read_text()
    assert (folder / "report.html").read_text().count("<figure") == page.count("<figure") + 1
    at_rest(copy)


def test_snakemake_s_own_report_has_captions(project: Path):
    result = snakemake(project, CONFIG, "--report", "results/brief/provenance.html")
    assert result.returncode == 0, result.stderr
    page = (project / "results/brief/provenance.html").read_text()
    assert "Study brief: maximum a posteriori policy optimisation" in page
    assert "The temperature of the E-step against updates" in page


@pytest.mark.soak  # that one run again gives the same bytes: the test of `verify` below
def test_the_same_study_again_gives_the_same_bytes(project: Path, tmp_path: Path):
    """Runs, and what is made of them up to a table and a figure.

    (Of equal frames every figure gives the same bytes: `tests/evaluation/showing`.)
    """
    at_rest(project)
    copy = Path(shutil.copytree(project, tmp_path / "copy"))
    first, results = project / "results/brief", copy / "results/brief"
    log = results / "logs/train/cartpole-balance/paper/0.log"
    evaluations = "results/brief/runs/cartpole-balance/paper/0/evaluations.csv"
    result = snakemake(copy, CONFIG, "--forcerun", "train_paper", "--", evaluations)
    assert result.returncode == 0, result.stderr
    assert "put in place from state/" in log.read_text()
    shutil.rmtree(copy / "state")
    made = ("estimates/aggregate.csv", "tables/by_task.csv", "figures/learning_curves.svg")
    targets = [f"results/brief/{name}" for name in made]
    before = {name: (results / name).stat().st_mtime_ns for name in made}
    result = snakemake(copy, CONFIG, "--forcerun", "train_paper", "--", *targets)
    assert result.returncode == 0, result.stderr
    assert "put in place" not in log.read_text()  # trained
    assert all((results / name).stat().st_mtime_ns > time for name, time in before.items())
    compared = 0
    for file in sorted(results.rglob("*")):
        clock = file.name in {*OF_THE_CLOCK, "timing.csv", "run.json", "provenance.html"}
        if file.is_file() and not clock and "logs" not in file.parts:
            assert file.read_bytes() == (first / file.relative_to(results)).read_bytes(), file
            compared += 1
    assert compared > 30


def at_rest(project: Path) -> None:
    """Nothing is planned; where nothing can be rendered, nothing but another try at the films."""
    planned = snakemake(project, CONFIG, "--dry-run").stdout
    if "headless OpenGL" in (project / "results/brief/films.md").read_text():
        made = {"films", "report_markdown", "report_html", "all"}
        assert set(re.findall(r"^(?:local)?rule (\w+):$", planned, flags=re.MULTILINE)) == made
    else:
        assert "Nothing to be done" in planned


def verify(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mpo", "verify", "results/brief", *arguments]
    environment = os.environ | {"PYTHONPATH": str(project)}
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)


def test_verify_recomputes_the_tables_and_trains_a_run_again(project: Path, tmp_path: Path):
    copy = Path(shutil.copytree(project, tmp_path / "copy"))
    result = verify(copy, "--rerun", "cartpole-balance/stable_dual/0")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "6 runs are whole" in result.stdout
    assert "equal by byte: evaluations.csv, training.csv, policy.safetensors" in result.stdout

    table = copy / "results/brief/tables/by_task.csv"
    table.write_text(table.read_text().replace("paper", "papyrus", 1))
    result = verify(copy, "--no-rerun")
    assert result.returncode == 1
    assert result.stderr == "differs: results/brief/tables/by_task.csv is not what its runs give\n"

    run = copy / "results/brief/runs/cartpole-balance/stable_dual/0"
    rows = (run / "evaluations.csv").read_text().splitlines()
    rows[1] = rows[1].replace(rows[1].split(",")[2], "1000.0", 1)
    (run / "evaluations.csv").write_text("\n".join(rows) + "\n")
    result = verify(copy, "--no-rerun")
    assert result.returncode == 2
    assert "evaluations.csv is not the file that the run wrote" in result.stderr
    assert f"rm -rf results/brief/{run.relative_to(copy / 'results/brief')}" in result.stderr

    result = verify(project, "--rerun", "cartpole-balance/paper/9")
    assert result.returncode == 2
    assert "--rerun: 'cartpole-balance/paper/9' is not allowed" in result.stderr


def test_a_shipped_study_is_drawn_again_without_training_it(project: Path, tmp_path: Path):
    """From run files alone, in a place that never trained: what is missing is made, and equal, but
    for films, which policies are needed for. (That all of a study is, `test_reference` shows.)

    The code of one variant has changed since, which the report says.
    """
    ships = (".snakemake", "state", "logs", "policy.safetensors", "report.html", "report.md")
    ships += ("films", "films.md")
    copy = Path(shutil.copytree(project, tmp_path / "c", ignore=shutil.ignore_patterns(*ships)))
    here, there = project / "results/brief", copy / "results/brief"
    missing = [
        Path(f"{folder}/{name}.{kind}")
        for folder, name, kinds in (
            ("figures", "learning_curves", ("png", "svg", "csv")),
            ("figures", "temperature", ("png", "svg", "csv")),
            ("tables", "by_task", ("csv", "md", "tex")),
        )
        for kind in kinds
    ]
    for file in missing:
        (there / file).unlink()
    with (copy / "mpo/algorithm/estep/duals/raw.py").open("a") as module:
        module.write("\nUNUSED = 1\n")
    result = snakemake(copy, CONFIG, "--config", "train=false")
    assert result.returncode == 0, result.stderr
    assert "rule train_" not in result.stderr
    assert "where the policies lie beside the runs" in (there / "report.html").read_text()
    for file in missing:
        assert (there / file).read_bytes() == (here / file).read_bytes(), file
    said = "have changed since their runs were trained"
    assert said not in (here / "report.md").read_text()
    (line,) = [each for each in (there / "report.md").read_text().splitlines() if said in each]
    assert line.endswith("would give other numbers: `paper`.")

    (there / "manifest.json").write_text("{")
    result = snakemake(copy, CONFIG, "--config", "train=false", "-n")
    assert result.returncode == 1
    *_, said = result.stderr.splitlines()  # after Snakemake's line on its profile
    assert said.startswith("results/brief/manifest.json: not JSON")
    assert "Traceback" not in result.stderr


def test_a_cloned_study_whose_code_has_changed_is_held_against_its_new_manifest(
    project: Path, tmp_path: Path
):
    """Where Snakemake has no history, it does not see that the manifest is an old one."""
    copy = Path(shutil.copytree(project, tmp_path / "copy"))
    shutil.rmtree(copy / ".snakemake")
    file = copy / "results/brief/manifest.json"
    wanted = file.read_bytes()
    manifest = json.loads(wanted)
    run = manifest["runs"][0]
    run["code_digest"] = "0" * 64
    file.write_text(json.dumps(manifest))
    shutil.rmtree(copy / "results/brief" / run["path"])
    planned = snakemake(copy, CONFIG, "-n")
    assert planned.returncode == 0, planned.stderr
    assert file.read_bytes() != wanted  # a plan writes nothing
    result = snakemake(copy, CONFIG, "--until", "aggregate")
    assert result.returncode == 0, result.stderr
    assert file.read_bytes() == wanted


def test_a_study_is_set_beside_the_one_that_it_trains_again(project: Path, tmp_path: Path):
    """Without retraining, as a section of its report; where the other is not there, nothing is."""
    copy = Path(shutil.copytree(project, tmp_path / "copy"))
    named = ("--config", "reproduces=earlier")
    assert "rule compare_studies" not in snakemake(copy, CONFIG, *named, "--dry-run").stdout
    shutil.copytree(copy / "results/brief", copy / "results/earlier")
    (copy / "results/earlier/tables/claims.csv").rename(copy / "claims.csv")
    unfinished = snakemake(copy, CONFIG, *named, "--dry-run")
    assert (unfinished.returncode, "compare_studies" in unfinished.stdout) == (0, False)
    (copy / "claims.csv").rename(copy / "results/earlier/tables/claims.csv")
    target = "results/brief/reproduced.md"
    planned = snakemake(copy, CONFIG, *named, "--dry-run", "--", "results/brief/report.md").stdout
    assert "rule compare_studies" in planned
    assert "rule report_markdown" in planned
    result = snakemake(copy, CONFIG, *named, "--", target)
    assert result.returncode == 0, result.stderr
    assert "train_" not in result.stderr
    section = report(copy / "results/brief").split("## Reproduced?")[1].split("\n## ")[0]
    assert "6 runs trained again on the same kind of processor 6 came out equal by byte" in section


def test_a_crate_holds_every_file_with_its_checksum(project: Path, tmp_path: Path):
    """What Workflow Run Crate 0.5 requires, read from the metadata as plain JSON."""
    out = tmp_path / "brief.zip"
    command = [sys.executable, "-m", "mpo", "crate", "results/brief", str(out)]
    environment = os.environ | {"PYTHONPATH": str(project)}
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "crate"
    shutil.unpack_archive(out, folder)
    graph = json.loads((folder / "ro-crate-metadata.json").read_text())["@graph"]
    entities = {entity["@id"]: entity for entity in graph}
    root, action = entities["./"], entities["#run"]
    conforming = {profile["@id"] for profile in root["conformsTo"]}
    assert "https://w3id.org/ro/wfrun/workflow/0.5" in conforming
    assert root["mainEntity"] == action["instrument"] == {"@id": "Snakefile"}
    assert set(entities["Snakefile"]["@type"]) == {
        *("File", "SoftwareSourceCode", "ComputationalWorkflow")
    }
    assert root["mentions"] == {"@id": "#run"}
    assert action["@type"] == "CreateAction"
    assert not {"startTime", "endTime"} & set(action)  # no file tells them
    results = {file["@id"] for file in action["result"]}
    runs = json.loads((project / "results/brief/manifest.json").read_text())["runs"]
    for run in runs:
        assert {f"results/brief/{run['path']}/{name}" for name in RUN_FILES} <= results
    assert {"results/brief/report.md", "results/brief/tables/claims.csv"} <= results
    assert "config/variants.yaml" in {file["@id"] for file in action["object"]}
    files = [entity for entity in graph if "sha256" in entity]
    assert len(files) > 200
    for entity in files:
        content = (folder / entity["@id"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entity["sha256"], entity["@id"]
        assert str(len(content)) == entity["contentSize"]
    refused = [*command[:-1], str(tmp_path / "brief.tar")]
    done = subprocess.run(refused, cwd=project, env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert "brief.tar" in done.stderr and ".zip" in done.stderr


def test_where_nothing_can_be_rendered_the_report_says_so(project: Path, tmp_path: Path):
    shown = (project / "results/brief/films.md").read_text()
    assert shown.count("![") in (0, 4)  # none where this machine has no headless OpenGL
    copy = Path(shutil.copytree(project, tmp_path / "copy"))
    shutil.rmtree(copy / "results/brief/films")
    command = [sys.executable, "workflow/scripts/films.py", "results/brief"]
    environment = os.environ | {"PYTHONPATH": str(copy), "MUJOCO_GL": "disabled"}
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = (copy / "results/brief/films.md").read_text()
    assert said.count("No film of ") == 2 and "![" not in said
    assert said.count("libegl1") == 2
    assert (copy / "results/brief/films").is_dir()
