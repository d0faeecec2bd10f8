"""The command line: one line and exit 2 for a fault; train, stop, go on; play again."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file, save_file

from mpo.__main__ import main
from mpo.rundir import RUN_FILES
from mpo.study.entries import load_tasks, load_variants
from mpo.training.job import Job
from tests.environments import PREFIX
from tests.gate import HELD, awaited, shut
from tests.runs import BYTES, TINY

pytestmark = pytest.mark.usefixtures("unchecked")
ROOT = Path(__file__).parents[2]


def train(folder: Path, fields: dict[str, Any], *more: str) -> list[str]:
    given = ["train", "--task", "toy", "--variant", "v", "--settings", json.dumps(fields)]
    return [*given, "--out", str(folder / "out"), "--state", str(folder / "state"), *more]


def fault(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line that a faulty command says."""
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    lines = said.err.strip().splitlines()
    assert len(lines) == 1, said.err
    return lines[0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--task", "cartpole-balanse"], "did you mean cartpole-balance?"),
        (["--task", "cartpole-balance", "--variant", "stabilized"], "did you mean stabilised?"),
        (["--task", "cartpole-balance", "--settings", "{"], "--settings: not JSON"),
        (["--task", "cartpole-balance", "--settings", "[1]"], "a JSON object is"),
        (["--task", "cartpole-balance", "--set", "epsilon"], "FIELD=VALUE is"),
        (["--task", "cartpole-balance", "--set", "epsilon=-1"], "greater than 0"),
        (["--task", "cartpole-balance", "--set", "epsilom=1"], "did you mean epsilon?"),
        (["--task", "cartpole-balance", "--seed", "-1"], "--seed"),
        (["--task", "cartpole-balance", "--seed", str(2**32)], "--seed"),
        (["--task", "x", "--settings", '{"environment": "NoSuch-v0"}'], "NoSuch"),
    ],
)
def test_a_fault_is_one_line(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    line = fault(capsys, "train", *arguments, "--quiet")
    assert said in line
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    "command",
    ["train", "evaluate", "render", "export", "task", "variants", "settings", "status"],
)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert command in capsys.readouterr().out


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


def test_uniform_policy_gives_the_random_scores(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "random.csv"
    arguments = ["evaluate", "--policy", "uniform", "--task", "InvertedDoublePendulum-v5"]
    assert main([*arguments, "--episodes", "5", "--csv", str(file)]) == 0
    frame = pd.read_csv(file)
    assert list(frame.columns) == ["task", "return_mean", "episodes"]
    assert 10.0 < frame["return_mean"][0] < 200.0
    capsys.readouterr()
    line = fault(capsys, "evaluate", "--policy", "uniform", "--task", "Hoper-v5")
    assert "did you mean Hopper-v5?" in line


def test_rows_of_other_uniform_policies_stay_as_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "random.csv"
    arguments = ["evaluate", "--policy", "uniform", "--episodes", "2", "--csv", str(file)]
    once = [*arguments, "--task", "InvertedDoublePendulum-v5"]
    head, first, last = "task,return_mean,episodes", "mine,1.50,7", "other,-3e2,100"
    file.write_text("\n".join([head, first, "InvertedDoublePendulum-v5,0,1", last, ""]))
    assert main(once) == 0
    lines = file.read_text().splitlines()
    assert [lines[0], lines[1], lines[3]] == [head, first, last]
    assert re.fullmatch(r"InvertedDoublePendulum-v5,\d+\.\d+,2", lines[2])
    assert main([*arguments, "--task", "Hopper-v5"]) == 0
    assert file.read_text().splitlines()[:-1] == lines
    assert file.read_text().splitlines()[-1].startswith("Hopper-v5,")

    capsys.readouterr()
    file.write_text("episode,return\n")
    assert "with the columns task, return_mean, episodes is" in fault(capsys, *once)
    assert file.read_text() == "episode,return\n"


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


def test_what_a_rule_of_the_users_trains_is_not_trained_as_mpo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = Path("workflow/rules/extra/README.md")
    entry = {"change": "c", "source": "s", "external": [str(rule)]}
    file = tmp_path / "variants.yaml"
    file.write_text(json.dumps({"sac": entry}))
    variants = load_variants(file)
    monkeypatch.setattr("mpo.commands.training.load_variants", lambda: variants)
    monkeypatch.chdir(tmp_path)
    line = fault(capsys, "train", "--task", "cartpole-balance", "--variant", "sac", "--steps", "9")
    assert "--variant: 'sac' is not allowed; " in line
    assert "the rule train_sac's (" in line
    assert str(rule) in line
    assert not (tmp_path / "results").exists()


FAULTY = {
    "a reward that is none": (
        "BrokenReward-v0",
        {},
        "step 5 of the episode of seed .*reward is nan",
    ),
    "physics": ("BrokenPhysics-v0", {}, "physics state is not finite .*control step 5 of the"),
    "no end": ("Endless-v0", {}, "declares no time limit.*gives episode_steps$"),
    "an entry's end": ("Endless-v0", {"episode_steps": 3}, None),
    "choices": ("Choices-v0", {}, r"action space Discrete\(3\); accepted is a Box"),
    "no such environment": ("NoSuch-v0", {}, "cannot be made"),
}


@pytest.mark.parametrize("kind", FAULTY)
def test_the_uniform_policy_in_a_faulty_environment_is_one_line(
    kind: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name, fields, said = FAULTY[kind]
    entry = {"environment": PREFIX + name, "score_range": [0, 1], "reference": "x", "steps": 9}
    (tmp_path / "tasks.yaml").write_text(json.dumps({"toy": {**entry, **fields}}))
    tasks = load_tasks(tmp_path / "tasks.yaml")
    monkeypatch.setattr("mpo.commands.policies.load_tasks", lambda: tasks)
    arguments = ["evaluate", "--policy", "uniform", "--episodes", "2"]
    if said:
        assert re.search(said, fault(capsys, *arguments))
    else:
        assert main(arguments) == 0
        assert capsys.readouterr().out.split() == [
            "task",
            "return_mean",
            "episodes",
            "toy",
            "3.0",
            "2",
        ]


@pytest.mark.parametrize("name", ["BrokenReward-v0", "Endless-v0"])
def test_training_in_a_faulty_environment_is_one_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fields = {**TINY, "environment": PREFIX + name}
    line = fault(capsys, *train(tmp_path, fields, "--quiet"))
    assert line.startswith(f"mpo: environment: {PREFIX + name!r} ")
    assert not (tmp_path / "out" / "run.json").exists()


def test_variants_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["variants"]) == 0
    said = capsys.readouterr().out
    assert "improved_estep" in said
    assert "SR's proposal" in said


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


def test_nothing_is_searched_for_garbage_at_the_end() -> None:
    program = (
        "import atexit, gc\n"
        "from mpo.__main__ import main\n"
        "atexit.register(lambda: print(gc.get_freeze_count() > 1000))\n"  # the last to run
        "main(['variants'])\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "True"
