"""`train`, `evaluate` of what it made; another run is not replaced, a stopped one goes on."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file, save_file

from mpo.__main__ import main
from mpo.rundir import RUN_FILES
from mpo.training.job import Job
from tests.commands.saying import fault, train
from tests.environments import PREFIX
from tests.gate import HELD, awaited, shut
from tests.runs import BYTES, TINY

pytestmark = pytest.mark.usefixtures("unchecked")
ROOT = Path(__file__).parents[2]


def test_train_evaluate_and_refuse_what_is_no_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(train(tmp_path, TINY)) == 0
    assert "completed" in capsys.readouterr().out
    out = tmp_path / "out"
    assert {path.name for path in out.iterdir()} == set(RUN_FILES)
    table = tmp_path / "returns.csv"
    assert main(["evaluate", str(out), "--episodes", "3", "--csv", str(table)]) == 0
    frame = pd.read_csv(table)
    assert list(frame["episode"]) == ["0", "1", "2", "mean"]
    assert frame["return"][3] == pytest.approx(frame["return"][:3].mean(), rel=1e-5)
    capsys.readouterr()

    assert "no-run" in fault(capsys, "evaluate", str(tmp_path / "no-run"))
    (out / "policy.safetensors").write_bytes(b"nonsense")
    assert "not a safetensors file" in fault(capsys, "evaluate", str(out))
    (out / "run.json").write_text("{}")
    assert "not a run's description" in fault(capsys, "evaluate", str(out))
    assert "RUN_DIR is required" in fault(capsys, "evaluate")


def test_a_run_that_diverged_is_named_by_what_would_play_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rates = {"policy_learning_rate": 1e30, "critic_learning_rate": 1e30}
    fields = {**TINY, **rates, "environment": PREFIX + "Drawn-v0"}
    assert main(train(tmp_path, fields)) == 0
    assert "diverged" in capsys.readouterr().out
    out = str(tmp_path / "out")
    policy = tmp_path / "out/policy.safetensors"  # which may be finite where an episode begins
    save_file({name: np.full_like(v, np.nan) for name, v in load_file(policy).items()}, policy)
    for command in (["evaluate", out], ["render", out, str(tmp_path / "film.gif")]):
        line = fault(capsys, *command)
        assert line.startswith(f"mpo: {out}: the final policy cannot be played: action is not")
        assert "; the run diverged at step " in line


def test_settings_of_a_task_by_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Task's own fields, variant, --steps and --set come together in the job."""
    from mpo.training import run

    jobs: list[Job] = []

    def caught(job: Job, bar: bool, wait: bool, fresh: bool) -> str:
        jobs.append(job)
        return "completed"

    monkeypatch.setattr(run, "train", caught)
    arguments = ["train", "--task", "hopper-stand", "--variant", "soft_estep", "--seed", "3"]
    assert main([*arguments, "--steps", "5000", "--set", "epsilon=2e-1"]) == 0
    (job,) = jobs
    chosen = job.settings
    assert (chosen.environment, chosen.action_repeat) == ("dm_control/hopper-stand-v0", 2)
    assert (chosen.backup, chosen.likelihood) == ("soft", "decoupled")
    assert (chosen.steps, chosen.epsilon, job.seed) == (5000, 0.2, 3)
    assert job.out == Path("results/single/hopper-stand/soft_estep/3")


def test_another_run_is_never_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(train(tmp_path, TINY, "--quiet")) == 0
    out = tmp_path / "out"
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    capsys.readouterr()
    more = ["--study-seed", "3", "--set", "epsilon=0.2", "--steps", "320", "--quiet"]
    assert fault(capsys, *train(tmp_path, TINY, *more)) == (
        f"mpo: {out} holds another run, with steps 160, not 320, epsilon 0.1, not 0.2, study_seed "
        "0, not 3; give this one a place of its own by --out, or remove that one"
    )
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert main(train(tmp_path, TINY, "--quiet")) == 0


def test_a_run_by_other_code_is_replaced_with_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert main(train(tmp_path, TINY, "--quiet")) == 0
    file = tmp_path / "out" / "run.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "code_digest": "0"}))
    assert main(train(tmp_path, TINY, "--quiet")) == 0
    assert "holds this run by other code; it is replaced at the end" in caplog.text
    assert json.loads(file.read_text())["code_digest"] != "0"


def test_a_process_stopped_or_killed_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    """SIGTERM gives 143 and a checkpoint, SIGKILL nothing; the third command finishes."""
    fields = {**TINY, "environment": HELD}
    assert main(train(tmp_path / "straight", fields, "--quiet")) == 0
    command = [sys.executable, "-m", "mpo", *train(tmp_path / "stopped", fields, "--quiet")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    checkpoint = tmp_path / "stopped" / "state" / "checkpoint"
    for number, status in ((signal.SIGTERM, 143), (signal.SIGKILL, -9)):
        with shut(tmp_path) as gate:
            process = subprocess.Popen(
                command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE
            )
            awaited(gate.waiting, process)
            process.send_signal(number)
        _, said = process.communicate()
        assert process.returncode == status, said.decode()
        assert checkpoint.exists()
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "resumed at step" in done.stderr
    for name in BYTES:
        straight, stopped = (tmp_path / kind / "out" / name for kind in ("straight", "stopped"))
        assert straight.read_bytes() == stopped.read_bytes(), name
    assert not checkpoint.exists()
