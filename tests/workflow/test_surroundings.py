"""Where there is no home and no name for the user, as in containers, and with make around it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from mpo.study.yaml_files import PROJECT
from tests.workflow.project import SNAKEMAKE, copy_project

NAMELESS = ["unshare", "--user", "--map-user=12345", "--map-group=12345"]
"""Runs what follows as a user that no file knows, who owns what this one owns."""


def nameless() -> bool:
    if not shutil.which(NAMELESS[0]):
        return False
    return subprocess.run([*NAMELESS, "true"], capture_output=True).returncode == 0


@pytest.mark.skipif(not nameless(), reason="this system has no user namespaces")
def test_snakemake_plans_for_a_user_without_a_name(tmp_path: Path):
    copy_project(tmp_path)
    home = tmp_path / "home"
    home.mkdir()
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(tmp_path)}
    command = [*NAMELESS, SNAKEMAKE, "--cores", "1", "--configfile", "config/smoke.yaml", "-n"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "train_paper" in done.stdout + done.stderr


@pytest.mark.parametrize("home", [None, "nowhere", "here"])
def test_make_gives_what_it_calls_a_home_that_can_be_written(home: str | None, tmp_path: Path):
    shutil.copy(PROJECT / "Makefile", tmp_path)
    (tmp_path / "print.mk").write_text('home:\n\t@echo "$$HOME"\n')
    (tmp_path / "here").mkdir()
    environment = {"PATH": os.environ["PATH"]} | ({"HOME": str(tmp_path / home)} if home else {})
    command = ["make", "-s", "-f", "Makefile", "-f", "print.mk", "home"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    given = Path(done.stdout.strip())
    assert given == tmp_path / ("here" if home == "here" else ".home")
    assert given.is_dir()
