"""Storage that fills up or cannot be written: one line that names the file, and nothing lost.

A small tmpfs is the disk, so these tests need the right to mount one.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mpo import rundir
from mpo.__main__ import main
from mpo.rundir import RUN_FILES
from mpo.settings import Settings
from tests.runs import contents, job, tiny

pytestmark = pytest.mark.usefixtures("unchecked")
Disk = Callable[[str], None]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[tuple[Path, Disk]]:
    """A folder that is a disk of 24 KiB, and what mounts it anew with other options."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(options: str) -> bool:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        try:
            return subprocess.run(command, capture_output=True).returncode == 0
        except OSError:
            return False

    def again(options: str) -> None:
        assert mount(f"remount,{options}")

    if not mount("size=24k"):
        pytest.skip("no right to mount a tmpfs here")
    try:
        yield folder, again
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


def train(out: Path, state: Path, chosen: Settings) -> int:
    """The command line, with a checkpoint at every decision."""
    arguments = ["train", "--task", "toy", "--variant", "variant", "--study-seed", "1"]
    arguments += ["--settings", json.dumps(chosen.differences()), "--quiet"]
    arguments += ["--out", str(out), "--state", str(state), "--checkpoint-seconds", "0"]
    return main(arguments)


@pytest.fixture
def expected(tmp_path: Path) -> dict[str, bytes]:
    """What the run gives where nothing fails."""
    straight = job(tmp_path / "straight", tiny())
    assert train(straight.out, straight.state_folder, tiny()) == 0
    return contents(straight)


def test_a_disk_full_of_checkpoints_stops_the_run_and_loses_nothing(
    disk: tuple[Path, Disk], tmp_path: Path, expected: dict[str, bytes], capsys
) -> None:
    folder, again = disk
    chosen = job(tmp_path / "full", tiny())
    assert train(chosen.out, folder / "state", tiny()) == 2
    said = capsys.readouterr().err
    assert f"{folder}/state/checkpoint" in said
    assert "No space left on device; once that is mended, the same command goes on" in said
    assert not chosen.out.exists() or not any(chosen.out.iterdir())
    again("size=64m")
    assert train(chosen.out, folder / "state", tiny()) == 0
    assert contents(chosen) == expected


def test_a_disk_full_of_results_leaves_no_partial_file_and_the_state(
    disk: tuple[Path, Disk], tmp_path: Path, expected: dict[str, bytes], capsys, caplog
) -> None:
    folder, again = disk
    (folder / "ballast").write_bytes(bytes(16_000))
    out, state = folder / "out", tmp_path / "state"
    assert train(out, state, tiny()) == 2
    said = capsys.readouterr().err
    assert str(out) in said
    assert "No space left on device" in said
    assert not (out / rundir.RUN).exists()
    for name in RUN_FILES:  # whole, or not there
        if (out / name).exists() and name in expected:
            assert (out / name).read_bytes() == expected[name]
    assert not list(out.glob(".*"))
    assert (state / "checkpoint").exists()
    again("size=64m")
    assert train(out, state, tiny()) == 0
    assert {name: (out / name).read_bytes() for name in expected} == expected
    assert f"{out}: put in place from {state}/finished" in caplog.messages[-1]
    assert json.loads((out / rundir.RUN).read_text())["resumed_at"] == []


def test_a_folder_that_cannot_be_written_is_refused_before_training(
    disk: tuple[Path, Disk], tmp_path: Path, capsys
) -> None:
    folder, again = disk
    again("ro")
    assert train(folder / "out", tmp_path / "state", tiny()) == 2
    assert f"mpo: {folder}: " in capsys.readouterr().err
    assert not (tmp_path / "state").exists()
    assert train(tmp_path / "out", folder / "state", tiny()) == 2
    assert f"mpo: {folder}" in capsys.readouterr().err
    again("rw,size=64m")
    assert train(folder / "out", tmp_path / "state", tiny()) == 0


def test_a_file_where_a_folder_should_be_is_named(tmp_path: Path, capsys) -> None:
    (tmp_path / "file").write_text("here")
    assert train(tmp_path / "file/out", tmp_path / "state", tiny()) == 2
    assert f"mpo: {tmp_path}/file: Not a directory" in capsys.readouterr().err
