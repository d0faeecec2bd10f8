"""The wheel, installed without a network where there is no checkout: commands and `mpo init`."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest

from mpo.project import PACKAGED, PARTS, PROJECT
from mpo.study.listing import variants_table
from mpo.training.provenance import package_digest

SOURCES = ("LICENSE", "MANIFEST.in", "README.md", "mpo", "pyproject.toml", "setup.py", *PARTS)
QUICK = ("compile=false", "batch_size=16", "evaluation_points=2", "evaluation_final_episodes=1")
RUN_DIR = "results/single/cartpole-balance/stabilised/0"
OFFLINE = ("--quiet", "--no-index", "--no-deps")


def said(*command: str | Path, cwd: Path, fails: bool | None = False) -> str:
    """What a command prints, in an environment that knows of no checkout; None: it may fail."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "MUJOCO_GL")}
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True)
    assert fails in (None, bool(done.returncode)), done.stdout + done.stderr
    return done.stdout + done.stderr


def files(folder: Path) -> set[str]:
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in found if "__pycache__" not in path.parts}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout, in which an older wheel was built."""
    folder = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        source, ignore = PROJECT / name, shutil.ignore_patterns("__pycache__")
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=ignore)
        else:
            shutil.copy(source, folder)
    for name in ("stale.py", f"{PACKAGED}/config/stale.yaml"):
        stale = folder / "build/lib/mpo" / name
        stale.parent.mkdir(parents=True, exist_ok=True)
        stale.touch()
    return folder


@pytest.fixture(scope="module")
def wheel(source: Path) -> Path:
    pip = [sys.executable, "-m", "pip", "wheel", *OFFLINE, "--no-build-isolation"]
    said(*pip, "--wheel-dir", "wheels", source, cwd=source)
    (found,) = (source / "wheels").iterdir()
    return found


@pytest.fixture(scope="module")
def bin(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of an environment with the wheel, which sees the packages of this one but not its `mpo`.

    It lies in somebody's repository.
    """
    folder = tmp_path_factory.mktemp("environment")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    said(*git, "init", "--quiet", cwd=folder)
    said(*git, "commit", "--quiet", "--allow-empty", "-m", "theirs", cwd=folder)
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "present.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--python", folder / "bin/python", "install"]
    said(*pip, *OFFLINE, "--ignore-installed", wheel, cwd=folder)
    return folder / "bin"


def parts() -> set[str]:
    """The files of `PARTS`."""
    folders = {part for part in PARTS if (PROJECT / part).is_dir()}
    inside = {f"{part}/{name}" for part in folders for name in files(PROJECT / part)}
    return inside | {*PARTS} - folders


def test_the_wheel_holds_every_part_once_and_nothing_of_older_ones(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    inside = f"mpo/{PACKAGED}/"
    assert {name.removeprefix(inside) for name in names if name.startswith(inside)} == parts()
    modules = {name for name in names if name.endswith(".py") and not name.startswith(inside)}
    assert modules == {f"mpo/{name}" for name in files(PROJECT / "mpo") if name.endswith(".py")}
    assert len(names) == len(set(names))


def test_the_source_distribution_holds_what_the_wheel_is_made_of(source: Path):
    said(sys.executable, "-c", "import setuptools.build_meta as b; b.build_sdist('.')", cwd=source)
    (file,) = source.glob("*.tar.gz")
    with tarfile.open(file) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert parts() | {"setup.py", "pyproject.toml", "mpo/project.py"} <= names


@pytest.fixture(scope="module")
def trained(bin: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that was empty, in which a run was trained."""
    folder = tmp_path_factory.mktemp("empty")
    command = [bin / "mpo", "train", "--task", "cartpole-balance", "--variant", "stabilised"]
    command += ["--steps", "2000", "--quiet"]
    said(*command, *(word for field in QUICK for word in ("--set", field)), cwd=folder)
    return folder


def test_outside_of_a_project_a_run_is_trained_and_played(bin: Path, trained: Path):
    run: dict[str, Any] = json.loads((trained / RUN_DIR / "run.json").read_text())
    assert (run["status"], run["steps"]) == ("completed", 2000)
    assert not (trained / "config").exists()
    played = said(bin / "mpo", "evaluate", RUN_DIR, "--episodes", "1", cwd=trained)
    assert "return" in played


def test_outside_of_a_project_a_run_is_filmed(bin: Path, trained: Path):
    told = said(
        bin / "mpo", "render", RUN_DIR, "film.gif", "--seconds", "0.2", cwd=trained, fails=None
    )
    assert "film.gif: " in told or "libegl1" in told


def test_outside_of_a_project_the_wheel_s_variants_and_studies_count(bin: Path, trained: Path):
    assert said(bin / "mpo", "variants", cwd=trained) == f"{variants_table()}\n"
    told = said(bin / "mpo", "status", "--study", "config/smoke.yaml", cwd=trained)
    assert "waiting" in told
    refused = said(bin / "mpo", "status", "--study", "config/nothing.yaml", cwd=trained, fails=True)
    assert refused.startswith("mpo: config/nothing.yaml: "), refused


@pytest.mark.soak
def test_outside_of_a_project_updates_are_timed(bin: Path, trained: Path):
    told = said(bin / "mpo", "benchmark", "--quick", "--variants", "stabilised", cwd=trained)
    assert "times the floor" in told
    assert "reference" not in told, "what is in no wheel"


def test_a_run_of_the_wheel_names_version_and_digest_and_nobody_else_s_commit(trained: Path):
    git = json.loads((trained / RUN_DIR / "run.json").read_text())["git"]
    assert git == {
        "commit": None,
        "dirty": None,
        "why": "the package is not in the repository around it",
        "version": importlib.metadata.version("mpo"),
        "package_digest": package_digest(),  # of this checkout, whose modules are the wheel's
    }


@pytest.fixture(scope="module")
def project(bin: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `mpo init` writes."""
    folder = tmp_path_factory.mktemp("work") / "project"
    assert "README.md" in said(bin / "mpo", "init", folder, cwd=folder.parent)
    return folder


def test_init_writes_the_parts_and_a_readme(project: Path):
    ours = {name for name in files(PROJECT / "workflow") if not name.startswith("schemas/")}
    assert files(project / "workflow") == ours
    assert files(project / "config") == files(PROJECT / "config")
    assert {path.name for path in project.iterdir()} == {*PARTS, "README.md"}
    readme = (project / "README.md").read_text().splitlines()
    assert 8 <= len(readme) <= 14
    assert all(len(line) <= 100 and "{" not in line for line in readme)


def test_init_writes_into_no_folder_that_holds_something(bin: Path, project: Path):
    before = files(project)
    refused = said(bin / "mpo", "init", project, cwd=project, fails=True)
    assert refused.startswith(f"mpo: {project}: it is not empty"), refused
    assert files(project) == before


def test_a_study_of_the_written_project_is_planned_by_its_own_files(bin: Path, project: Path):
    variants, study = project / "config/variants.yaml", project / "config/smoke.yaml"
    entry = (
        "\ncautious:\n  base: paper\n  change: less\n  source: us\n  settings: {epsilon: 0.05}\n"
    )
    variants.write_text(variants.read_text() + entry)
    study.write_text(study.read_text().replace("improved_estep]", "improved_estep, cautious]"))
    assert "cautious" in said(bin / "mpo", "variants", cwd=project / "config")
    snakemake = [bin / "python", "-m", "snakemake", "--cores", "2", "-n"]
    plan = said(*snakemake, "--configfile", "config/smoke.yaml", cwd=project)
    assert "train_cautious" in plan
    elsewhere = ["--snakefile", project / "Snakefile", "--configfile", study]
    assert "train_cautious" in said(*snakemake, *elsewhere, cwd=project.parent)


@pytest.mark.soak
def test_a_study_of_the_written_project_is_trained_and_reported(bin: Path, tmp_path: Path):
    said(bin / "mpo", "init", "project", cwd=tmp_path)
    project = tmp_path / "project"
    snakemake = [bin / "python", "-m", "snakemake", "--cores", "2"]
    said(*snakemake, "--configfile", "config/smoke.yaml", cwd=project)
    assert (project / "results/smoke/report.html").is_file()
    said(bin / "mpo", "verify", "results/smoke", cwd=project)
    said(bin / "mpo", "crate", "results/smoke", "smoke.zip", cwd=project)
    with zipfile.ZipFile(project / "smoke.zip") as archive:
        assert {"Snakefile", "mpo/project.py", "requirements.lock"} <= set(archive.namelist())
