"""`mpo check`: one's own option and one's own run, a line a check, exit 1 where one fails."""

from __future__ import annotations

import importlib
import json
import shutil
from pathlib import Path

import pytest

from mpo.__main__ import main
from mpo.rundir import EVALUATIONS, POLICY, RUN, TRAINING
from mpo.settings import OPTION_PACKAGES
from tests.evaluation.synthetic import write_study
from tests.own_options import LOWER_CONFIDENCE

pytestmark = pytest.mark.usefixtures("unchecked")


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder called backups, which no later test sees."""
    package = importlib.import_module(f"mpo.{OPTION_PACKAGES['backup']}")
    monkeypatch.setattr(package, "__path__", [*package.__path__])
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder


def test_an_option_anywhere_is_checked(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (own / "pessimist.py").write_text(LOWER_CONFIDENCE)
    assert main(["check", "option", str(own / "pessimist.py"), "--set", "backup.beta=2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith("ok    ") for line in lines)
    assert [line.removeprefix("ok    ").split(":")[0] for line in lines] == [
        "what its kind asks for",
        "value",
        "identity",
        "value",
        "value",
        "an update of a whole run",
    ]


def test_what_fails_is_told_with_its_line(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = LOWER_CONFIDENCE.replace("q.mean(0) - parameters.beta * q.std(0)", "q.mean()")
    (own / "broken.py").write_text(text)
    assert main(["check", "option", str(own / "broken.py")]) == 1
    captured = capsys.readouterr()
    assert "FAIL  value: shape" in captured.out
    assert f"{own / 'broken.py'}, line " in captured.out
    assert captured.err.endswith("of the checks failed\n")


@pytest.mark.parametrize(
    ("name", "folder", "more", "said"),
    [
        ("mine.py", "elsewhere", [], "its folder is no kind of option; say which it is by --kind"),
        ("a-b.py", "backups", [], "an option is NAME.py"),
        ("soft.py", "backups", [], "is a backup of this name; give the file another one"),
        ("fine.py", "backups", ["--set", "backup.beta=-1"], "greater than or equal to 0, for back"),
        ("fine.py", "backups", ["--set", "backup.beta"], "FIELD=VALUE is"),
    ],
)
def test_a_fault_in_the_question_is_exit_2(
    own: Path, capsys: pytest.CaptureFixture[str], name: str, folder: str, more: list, said: str
) -> None:
    file = own.parent / folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(LOWER_CONFIDENCE)
    assert main(["check", "option", str(file), *more]) == 2
    assert said in capsys.readouterr().err


@pytest.fixture
def run(tmp_path: Path) -> Path:
    study = write_study(tmp_path / "study", variants=("paper",), seeds=(0,))
    folder = study / "runs/cartpole-balance/paper/0"
    (folder / POLICY).touch()
    return folder


def checked(run: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    status = main(["check", "run", str(run)])
    return status, capsys.readouterr().out


def test_a_whole_run_is_as_asked(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, text = checked(run, capsys)
    assert status == 0
    assert text.splitlines()[0].startswith("held to ")
    assert "manifest.json" in text
    assert "ok    every file is as asked" in text


def edit(run: Path, **changes: object) -> None:
    content = json.loads((run / RUN).read_text())
    content = {k: v for k, v in {**content, **changes}.items() if v is not None}
    (run / RUN).write_text(json.dumps(content))


def test_each_thing_that_is_wrong_is_a_line(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / POLICY).unlink()
    edit(run, updates=None, seed="0", status=None)
    status, text = checked(run, capsys)
    assert status == 1
    assert "FAIL  policy.safetensors is missing; it may be empty" in text
    assert "FAIL  run.json: the key updates is missing: updates taken, an integer" in text
    assert "FAIL  run.json: the key status is missing: completed or diverged" in text
    assert "FAIL  run.json: seed: '0' is not allowed" in text


def test_rows_and_digests_are_held_to_the_manifest(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(run, settings_digest="another", files=None)
    lines = (run / EVALUATIONS).read_text().splitlines()
    (run / EVALUATIONS).write_text("\n".join(lines[:-1]) + "\n")
    status, text = checked(run, capsys)
    assert status == 1
    assert "was trained with other settings: settings_digest is another" in text
    edit(
        run,
        settings_digest=json.loads((run / "../../../../manifest.json").read_text())["runs"][0][
            "settings_digest"
        ],
    )
    status, text = checked(run, capsys)
    assert status == 1
    assert f"{EVALUATIONS} has 2 episodes at step 10000, the study asks for 3" in text


def test_outside_of_a_study_it_is_held_to_what_it_says_itself(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = tmp_path / "alone"
    shutil.copytree(run, alone)
    asked = {"evaluation_points": 5, "evaluation_episodes": 2, "evaluation_final_episodes": 3}
    edit(alone, settings={**asked, "steps": 10_000})
    status, text = checked(alone, capsys)
    assert text.startswith("held to its own run.json")
    assert status == 0, text
    edit(alone, settings={**asked, "steps": 10_000, "evaluation_pionts": 3})
    status, text = checked(alone, capsys)
    assert status == 1
    assert "did you mean evaluation_points" in text
    (alone / TRAINING).write_text("a,b\n1,2\n")
    edit(alone, settings={**asked, "steps": 10_000}, files=None)
    status, text = checked(alone, capsys)
    assert "FAIL  training.csv has other columns than asked" in text


def test_a_folder_without_anything_says_what_belongs_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, text = checked(tmp_path / "none", capsys)
    assert status == 1
    assert text.count("is missing") == 5
    assert "evaluations.csv is missing: a row an episode, step, episode, return" in text
