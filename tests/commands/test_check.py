"""`mpo check`: one's own option and one's own run, a line a check, exit 1 where one fails."""

from __future__ import annotations

import importlib
import json
import shutil
from pathlib import Path

import pytest

from mpo.__main__ import main
from mpo.evaluation.reading.faults import StudyError
from mpo.evaluation.reading.load import load
from mpo.rundir import EVALUATIONS, POLICY, RUN, TRAINING
from mpo.settings import OPTION_PACKAGES
from tests.commands.saying import fault
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


def told(run: Path, external: bool) -> Path:
    """Say in the manifest above whether other code trains the run; returns the study's folder."""
    study = run.parents[3]
    manifest = json.loads((study / "manifest.json").read_text())
    manifest["variants"]["paper"]["external"] = external
    (study / "manifest.json").write_text(json.dumps(manifest))
    return study


@pytest.mark.parametrize("lacking", [{"steps", "updates"}, {"steps", "updates", "settings"}])
def test_a_run_of_other_code_is_held_to_what_aggregation_asks(
    run: Path, capsys: pytest.CaptureFixture[str], lacking: set[str]
) -> None:
    edit(run, **dict.fromkeys(lacking))
    study = told(run, external=True)
    load(study)
    status, text = checked(run, capsys)
    assert status == 0, text
    told(run, external=False)
    with pytest.raises(StudyError, match=r"run\.json lacks .*steps, updates"):
        load(study)
    status, text = checked(run, capsys)
    assert status == 1
    assert text.splitlines()[0] == f"held to {study / 'manifest.json'}"
    found = {line.split(":")[1] for line in text.splitlines()[1:]}
    assert found == {f" the key {key} is missing" for key in lacking}


def test_what_other_code_need_not_tell_may_be_null_but_not_wrong(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told(run, external=True)
    content = json.loads((run / RUN).read_text())
    (run / RUN).write_text(json.dumps({**content, "steps": None}))
    assert checked(run, capsys)[0] == 0
    edit(run, steps="many")
    assert "FAIL  run.json: steps: 'many' is not allowed" in checked(run, capsys)[1]


def test_a_run_alone_says_itself_that_other_code_trained_it(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = tmp_path / "alone"
    shutil.copytree(run, alone)
    asked = {"evaluation_points": 5, "evaluation_episodes": 2, "evaluation_final_episodes": 3}
    asked["steps"] = 10_000
    edit(alone, settings=asked, steps=None, updates=None)
    status, text = checked(alone, capsys)
    assert (status, text.count("is missing")) == (1, 2)
    edit(alone, settings={**asked, "foreign": {"learning_rate": 0.1}})
    status, text = checked(alone, capsys)
    assert status == 0, text


def test_a_folder_is_found_in_its_study_however_it_is_written(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, text = checked(run / "../../paper/0", capsys)
    assert status == 0, text


def test_a_folder_that_the_study_does_not_ask_for(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = Path(shutil.copytree(run, run.parent / "7"))
    edit(other, status=None)
    status, text = checked(other, capsys)
    assert status == 1
    assert "manifest.json" in text.splitlines()[0]
    assert "runs/cartpole-balance/paper/7 is no run of the study's manifest" in text
    assert "FAIL  run.json: the key status is missing" in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "manifest.json: not JSON"),
        ("[]", "manifest.json: a list is not allowed; a manifest must be an object"),
        ('{"format": 1}', "manifest.json: the key 'evaluation' is missing"),
    ],
)
def test_a_broken_manifest_above_is_one_line(
    run: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    (run.parents[3] / "manifest.json").write_text(text)
    assert said in fault(capsys, "check", "run", str(run))


def test_a_folder_that_does_not_exist_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = fault(capsys, "check", "run", str(tmp_path / "nope"))
    assert said == f"mpo: DIR: '{tmp_path / 'nope'}' is not allowed; there is no such folder"
    (tmp_path / "file").write_text("")
    assert fault(capsys, "check", "run", str(tmp_path / "file")).endswith("; this is no folder")


def test_a_folder_without_anything_says_what_belongs_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "none").mkdir()
    status, text = checked(tmp_path / "none", capsys)
    assert status == 1
    assert text.count("is missing") == 5
    assert "evaluations.csv is missing: a row an episode, step, episode, return" in text
