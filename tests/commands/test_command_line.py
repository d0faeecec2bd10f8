"""The command line: one line and exit 2 for a fault, and what every command says of itself."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mpo.__main__ import main
from mpo.study.entries import load_variants
from tests.commands.saying import fault, train
from tests.environments import PREFIX
from tests.runs import TINY

pytestmark = pytest.mark.usefixtures("unchecked")
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--task", "cartpole-balanse"], "did you mean cartpole-balance?"),
        (["--task", "cartpole-balance", "--variant", "stabilized"], "did you mean stabilised?"),
        (["--task", "cartpole-balance", "--settings", "{"], "--settings: not JSON"),
        (["--task", "cartpole-balance", "--settings", "[1]"], "a JSON object is"),
        (["--task", "cartpole-balance", "--set", "epsilon"], "FIELD=VALUE is"),
        (["--task", "cartpole-balance", "--set", "epsilon=-1"], "greater than 0"),
        (["--task", "cartpole-balance", *["--set", "epsilon=1"] * 2], "it is set already"),
        (
            ["--task", "cartpole-balance", "--steps", "200", "--set", "steps=100"],
            "--steps: 200 is not allowed beside --set steps=100",
        ),
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


@pytest.mark.parametrize("film", ["a.mp4", "film.png", "film"])
def test_a_film_that_is_no_gif_is_refused_before_anything_is_played(
    film: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = fault(capsys, "render", str(tmp_path / "nope"), film)
    assert line.startswith(f"mpo: FILM: {film!r} is not allowed; a film is a GIF")


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
