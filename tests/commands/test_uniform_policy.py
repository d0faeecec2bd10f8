"""`evaluate --policy uniform`: its scores, and environments that it cannot play in."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from mpo.__main__ import main
from mpo.study.entries import load_tasks
from tests.commands.saying import fault
from tests.environments import PREFIX

pytestmark = pytest.mark.usefixtures("unchecked")


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


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("a-run", "--policy", "uniform"), "RUN_DIR: 'a-run' is not allowed with --policy uniform"),
        (("a-run", "--task", "cartpole-balance"), "--task: is allowed with --policy uniform alone"),
    ],
)
def test_what_would_be_passed_over_is_refused(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", *arguments]) == 2
    assert said in capsys.readouterr().err


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
