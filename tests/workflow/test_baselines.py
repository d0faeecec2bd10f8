"""The baselines train, with budgets of seconds; needs what `make baselines` installs."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mpo import rundir
from mpo.evaluation.reading.single import faults_of
from mpo.project import PROJECT
from mpo.study.config import load_study

PROGRAM = "workflow/rules/extra/stable_baselines.py"


@pytest.mark.soak
@pytest.mark.parametrize(
    ("algorithm", "own"),
    [
        ("SAC", {}),
        ("TD3", {}),
        ("PPO", {"n_steps": 128}),
        ("PPO", {"n_steps": 128, "learning_rate": 1e12}),
    ],
)
def test_it_trains_or_diverges(algorithm: str, own: dict[str, float], tmp_path: Path) -> None:
    pytest.importorskip("stable_baselines3")
    entry = {
        "base": algorithm.lower(),
        "change": "-",
        "source": "-",
        "settings": own or {"verbose": 0},
    }
    content = {
        "study": "brief",
        "study_seed": 1,
        "seeds": [0],
        "variants": ["tried"],
        "own_variants": {"tried": entry},
        "tasks": {"cartpole-balance": 3000},
        "settings": {"evaluation_points": 3, "evaluation_episodes": 1},
    }
    file = tmp_path / "study.yaml"
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    study = load_study(file)
    asked = study.asked(study.run("cartpole-balance", "tried", 0)).written()
    command = [sys.executable, str(PROJECT / PROGRAM), asked]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / study.folder / "runs/cartpole-balance/tried/0"
    assert faults_of(folder)[1] == []
    status = "diverged" if own.get("learning_rate") else "completed"
    assert f'"status": "{status}"' in (folder / rundir.RUN).read_text()
    rows = list(csv.DictReader((folder / rundir.EVALUATIONS).open()))
    assert (len(rows) == 2 + 25) == (status == "completed")
