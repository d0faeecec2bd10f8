"""A finished run is kept by what it is, and put in place instead of being trained again."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mpo import rundir
from mpo.training import finished, run
from mpo.training.job import Job
from mpo.training.protocols.off_policy import Training
from tests.runs import contents, job, state_of, tiny
from tests.shown_equal import record, shown

pytestmark = pytest.mark.usefixtures("unchecked")


@pytest.fixture
def done(tmp_path: Path) -> Job:
    """A finished run."""
    made = job(tmp_path, tiny())
    assert run.train(made, bar=False) == rundir.COMPLETED
    return made


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """One entry for every training that begins from here on."""
    begun: list[Any] = []
    make = Training.__init__

    def making(training: Training, *arguments: Any) -> None:
        begun.append(arguments)
        make(training, *arguments)

    monkeypatch.setattr(Training, "__init__", making)
    return begun


def described(folder: Path) -> dict[str, Any]:
    return json.loads((folder / rundir.RUN).read_text())


def test_deleted_files_are_put_in_place(
    done: Job, trainings: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    before = {name: (done.out / name).read_bytes() for name in rundir.RUN_FILES}
    shutil.rmtree(done.out)
    assert run.train(done, bar=False) == "completed"
    assert {name: (done.out / name).read_bytes() for name in rundir.RUN_FILES} == before
    assert trainings == []
    kept = done.state_folder / rundir.FINISHED
    assert f"{done.out}: put in place from {kept}; --fresh trains it again" in caplog.messages
    assert (done.out / rundir.POLICY).samefile(kept / rundir.POLICY)
    assert not (done.out / rundir.RUN).samefile(kept / rundir.RUN)


def test_a_variant_by_another_name_is_put_in_place_and_named(
    done: Job, trainings: list[Any], tmp_path: Path
) -> None:
    renamed = replace(done, variant="other", out=tmp_path / "elsewhere/other/0")
    assert run.train(renamed, bar=False) == "completed"
    assert trainings == []
    assert contents(renamed) == contents(done)
    assert described(renamed.out) == described(done.out) | {"variant": "other"}
    assert described(done.out)["variant"] == "variant"
    assert rundir.is_complete(renamed.out, done.settings_digest, done.code_digest)


@pytest.mark.parametrize("change", [{"task": "other"}, {"seed": 1}, {"study_seed": 2}])
def test_what_the_random_numbers_derive_from_makes_another_run(
    done: Job, change: dict[str, Any]
) -> None:
    other = replace(done, **change)
    assert finished.kept(done) is not None
    assert finished.kept(other) is None


def test_a_fresh_run_is_trained_from_its_beginning(done: Job, trainings: list[Any]) -> None:
    before = contents(done)
    assert run.train(done, bar=False, fresh=True) == "completed"
    assert len(trainings) == 1
    assert contents(done) == before
    assert state_of(done) == [rundir.FINISHED]


@pytest.mark.parametrize("name", rundir.RUN_FILES)
def test_a_kept_run_that_is_not_whole_is_trained_again(
    done: Job, trainings: list[Any], name: str
) -> None:
    before = contents(done)
    shutil.rmtree(done.out)
    (done.state_folder / rundir.FINISHED / name).write_bytes(b"{}")
    assert run.train(done, bar=False) == "completed"
    assert len(trainings) == 1
    assert contents(done) == before


def test_killed_while_it_is_put_in_place_the_next_one_does_it(
    done: Job, trainings: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(done)
    shutil.rmtree(done.out)
    with monkeypatch.context() as patch:
        patch.setattr(rundir, "write_atomically", None)  # run.json's, the last
        with pytest.raises(TypeError):
            run.train(done, bar=False)
    assert not rundir.is_complete(done.out, done.settings_digest, done.code_digest)
    assert run.train(done, bar=False) == "completed"
    assert (contents(done), trainings) == (before, [])


def test_a_file_system_without_links_gets_copies(
    done: Job, trainings: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(1, "Operation not permitted")

    before = contents(done)
    shutil.rmtree(done.out)
    monkeypatch.setattr("mpo.rundir.files.os.link", refuse)
    assert run.train(done, bar=False) == "completed"
    assert (contents(done), trainings) == (before, [])
    kept = done.state_folder / rundir.FINISHED
    assert not (done.out / rundir.POLICY).samefile(kept / rundir.POLICY)


def test_what_code_shown_equal_has_finished_is_found(
    tmp_path: Path, trainings: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = job(tmp_path, tiny())
    out, state = tmp_path / "study/runs/toy/variant/0", tmp_path / "state"
    own = replace(made, out=out, state=state / Path(replace(made, state=None).state_folder).name)
    assert run.train(own, bar=False) == "completed"
    code = own.code_digest
    record(tmp_path / "study", shown(code, "f" * 64, variant="variant"))
    monkeypatch.setattr("mpo.training.job.code_digest", lambda settings: "f" * 64)
    now = replace(own, state=state / "of today's code")
    shutil.rmtree(out)
    assert run.train(now, bar=False) == "completed"
    assert len(trainings) == 1
    assert described(out)["code_digest"] == code


def test_a_link_to_itself_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("whole")
    rundir.link(tmp_path / "one", tmp_path / "two")
    rundir.link(tmp_path / "one", tmp_path / "two")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]
    assert (tmp_path / "two").read_text() == "whole"
