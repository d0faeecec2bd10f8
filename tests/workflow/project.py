"""A copy of the project to run Snakemake in, and Snakemake in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from mpo.study.yaml_files import PROJECT

PARTS = ("Snakefile", "config", "mpo", "profiles", "workflow")
SNAKEMAKE = str(Path(sys.executable).with_name("snakemake"))
FIGURES = (
    "learning_curves",
    "core_seconds",
    "aggregate_intervals",
    "performance_profiles",
    "sample_efficiency",
    "probability_of_improvement",
    "temperature",
    "kl_relative",
    "effective_sample_size",
    "policy_deviation",
    "value_bias",
    "cost",
)
THEORY_FIGURES = ("appendix_sign", "overflow_map", "backups_order", "policy_iteration")
TABLES = ("by_task", "falls", "aggregate", "ranks", "pairs", "cost", "published", "runs")


def copy_project(folder: Path) -> None:
    """Put what the workflow needs of the project into `folder`."""
    for part in PARTS:
        source, ignore = PROJECT / part, shutil.ignore_patterns("__pycache__")
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=ignore)
        else:
            shutil.copy(source, folder / part)


def snakemake(
    folder: Path, config: str, *arguments: str, start: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Snakemake, from `start`, on the study of the file `config` in the copy in `folder`."""
    command = [SNAKEMAKE, "--configfile", config, "--cores", "2", *arguments]
    environment = os.environ | {"PYTHONPATH": str(folder)}
    environment.pop("MUJOCO_GL", None)  # what training in this process chose: not to render
    return subprocess.run(
        command, cwd=start or folder, env=environment, capture_output=True, text=True
    )
