"""`task ID`: what it prints is an entry of tasks.yaml, with the uniform policy measured."""

from pathlib import Path

import pytest

from mpo.__main__ import main
from mpo.commands.tasks import alias_of
from mpo.study.entries import load_tasks
from mpo.study.yaml_files import ConfigError
from tests.environments import PREFIX


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["task", *arguments]) == 0
    return capsys.readouterr().out


def test_the_entry_is_one_of_tasks_yaml(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "dm_control/cartpole-balance-v0", "--episodes", "1")
    assert text.startswith("# 5 observations, 1 action, episodes of 1,000 steps at most\n")
    assert "over 1 episode\n" in text
    (tmp_path / "tasks.yaml").write_text(text)
    (task,) = load_tasks(tmp_path / "tasks.yaml").values()
    assert (task.alias, task.environment) == ("cartpole-balance", "dm_control/cartpole-balance-v0")
    assert task.score_range is not None
    low, high = task.score_range
    assert 100.0 < low < 700.0
    assert high == 1000.0


def test_a_limit_beyond_the_environment_s_own_makes_no_longer_episode(
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = "dm_control/cartpole-balance-v0"
    text = printed(capsys, name, "--episodes", "1", "--episode-steps", "5000")
    assert "episodes of 1,000 steps at most" in text
    assert ", 1000]" in text


def test_a_task_whose_range_nobody_says_has_relative_scores(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = printed(capsys, PREFIX + "Endless-v0", "--episodes", "3", "--episode-steps", "3")
    assert "uniformly random actions: a mean return of 3 over 3 episodes" in text
    assert "python -m mpo evaluate --policy uniform --task Endless-v0 --csv " in text
    file = tmp_path / "tasks.yaml"
    file.write_text(text)
    task = load_tasks(file)["Endless-v0"]
    assert (task.score_range, task.settings["episode_steps"]) == (None, 3)
    text = text.replace("# score_range", "score_range").replace("# reference", "reference")
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"score_range.1: 'HIGH' .* must be a finite number"):
        load_tasks(file)
    file.write_text(text.replace("HIGH]", "10]"))
    assert load_tasks(file)["Endless-v0"].score_range == (3, 10)


@pytest.mark.parametrize("name", ["NoSuch-v0", PREFIX + "Endless-v0", PREFIX + "Choices-v0"])
def test_what_is_no_task_is_one_line(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["task", name]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"mpo: environment: {name!r} ")
    assert len(said.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("environment", "alias"),
    [
        ("Ant-v5", "Ant-v5"),
        ("dm_control/walker-walk-v0", "walker-walk"),
        ("module.inner:space/Mine-v0", "Mine-v0"),
        ("a:B.c-v1", "B-c-v1"),
    ],
)
def test_the_alias_is_one_for_a_folder(environment: str, alias: str) -> None:
    assert alias_of(environment) == alias
