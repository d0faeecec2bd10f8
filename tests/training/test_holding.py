"""One process at a time trains a run; one on another machine that fell silent is succeeded."""

import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock

from mpo.rundir import PROGRESS
from mpo.training import checkpoints, progress, run
from mpo.training.checkpoints import CheckpointError
from mpo.training.holding import LOCK, OWNER, SILENT_S, UNHEARD_S, clear, locked
from mpo.training.protocols.off_policy import Training
from tests.runs import contents, job, tiny


def test_a_second_process_is_kept_out_and_told_who_holds_the_folder(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with locked(state):
        code = (
            "import sys; from pathlib import Path\n"
            "from mpo.training import checkpoints, holding\n"
            "try:\n"
            "    with holding.locked(Path(sys.argv[1])): print('in')\n"
            "except checkpoints.CheckpointError as error: print(error)\n"
        )
        command = [sys.executable, "-c", code, str(state)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert f"process {os.getpid()} on {platform.node()} is training this run already" in said
    with locked(state):
        pass


def test_a_folder_held_here_is_held(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(CheckpointError, match="already"), locked(tmp_path):
        pass


def test_clear_leaves_no_folder_but_spares_what_it_does_not_know(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with locked(state):
        checkpoints.save(state, {})
        clear(state)
    assert not state.exists()
    kept = tmp_path / "kept"
    with locked(kept):
        (kept / "notes.txt").write_text("mine")
        clear(kept)
    assert [path.name for path in kept.iterdir()] == ["notes.txt"]


def held_elsewhere(state: Path, silent_s: float, doing: str, host: str = "node7") -> FileLock:
    """A folder whose lock is held, by a process of `host` that reported so long ago."""
    state.mkdir(parents=True, exist_ok=True)
    now = time.time()
    holder = {"process": 4, "host": host, "since": now - silent_s - 60}
    (state / OWNER).write_text(json.dumps(holder))
    (state / PROGRESS).write_text(json.dumps({"time": now - silent_s, "doing": doing}))
    lock = FileLock(state / LOCK)
    lock.acquire()
    return lock


@pytest.mark.parametrize(
    ("silent_s", "doing", "taken"),
    [
        (SILENT_S + 60, "collecting", True),
        (SILENT_S - 30, "collecting", False),
        (SILENT_S + 30, progress.COMPILING, False),
        (SILENT_S + 30, progress.STARTING, False),
        (UNHEARD_S + 60, progress.COMPILING, True),
    ],
)
def test_a_holder_on_another_machine_is_succeeded_once_it_is_silent_for_long(
    tmp_path: Path, silent_s: float, doing: str, taken: bool, caplog: pytest.LogCaptureFixture
) -> None:
    theirs = held_elsewhere(tmp_path, silent_s, doing)
    if taken:
        now = pytest.raises(CheckpointError, match=f"process {os.getpid()} on")
        with locked(tmp_path) as held:
            assert held
            with now, locked(tmp_path):
                pass
        (line,) = caplog.messages
        minutes = round(silent_s / 60)
        assert line == f"{tmp_path}: process 4 on node7 is silent for {minutes} min; taken over"
    else:
        still = pytest.raises(CheckpointError, match="process 4 on node7 is training")
        with still, locked(tmp_path):
            pass
    theirs.release()


def test_one_that_has_said_nothing_since_it_began_may_take_longer(tmp_path: Path) -> None:
    """What its predecessor said is no word of it."""
    theirs = held_elsewhere(tmp_path, UNHEARD_S * 2, "collecting")
    now = time.time()
    holder = {"process": 4, "host": "node7", "since": now - SILENT_S - 30}
    (tmp_path / OWNER).write_text(json.dumps(holder))
    with pytest.raises(CheckpointError, match="already"), locked(tmp_path):
        pass
    theirs.release()


def test_a_process_of_this_machine_is_never_succeeded(tmp_path: Path) -> None:
    theirs = held_elsewhere(tmp_path, 10 * UNHEARD_S, "collecting", platform.node())
    with pytest.raises(CheckpointError, match="already"), locked(tmp_path):
        pass
    theirs.release()


@pytest.mark.usefixtures("unchecked")
def test_a_holder_that_was_only_suspended_stops_before_it_saves_and_harms_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half-way the run is taken over; the successor's owner, lock and checkpoint stay."""
    mine = job(tmp_path, tiny())
    successor = json.dumps({"process": 9, "host": "node8", "since": 1.0})
    decided = Training._decided

    def deciding(training: Training, control_steps: int) -> None:
        decided(training, control_steps)
        if training.step == 80:
            (mine.state_folder / OWNER).write_text(successor)
            os.kill(os.getpid(), 15)

    monkeypatch.setattr(Training, "_decided", deciding)
    with pytest.raises(CheckpointError, match="process 9 on node8 took this run over"):
        run.train(mine, bar=False)
    assert (mine.state_folder / OWNER).read_text() == successor
    assert (mine.state_folder / LOCK).exists()
    assert not (mine.state_folder / checkpoints.CURRENT).exists()
    assert "ended" not in json.loads((mine.state_folder / PROGRESS).read_text())
    monkeypatch.setattr(Training, "_decided", decided)
    assert run.train(mine, bar=False) == "completed"
    straight = job(tmp_path / "straight", tiny())
    assert run.train(straight, bar=False) == "completed"
    assert contents(mine) == contents(straight)
