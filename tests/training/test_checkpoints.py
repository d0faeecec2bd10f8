"""Checkpoints: whole, checked, the previous one kept."""

import errno
import os
import pickle
import resource
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch

from mpo.training import checkpoints
from mpo.training.checkpoints import CURRENT, PREVIOUS, load, save


def content(step: int) -> dict:
    return {"step": step, "values": torch.arange(5.0) + step, "rows": [{"a": 0.1}]}


def saved_step(state: Path) -> int | None:
    found, _ = load(state)
    return found["step"] if found else None


def test_saved_content_comes_back(tmp_path: Path) -> None:
    assert load(tmp_path) == (None, [])
    save(tmp_path, content(1))
    found, said = load(tmp_path)
    assert said == []
    assert found is not None
    assert torch.equal(found["values"], content(1)["values"])
    assert found["rows"] == [{"a": 0.1}]


def test_the_newest_is_loaded_and_the_one_before_it_kept(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        save(tmp_path, content(step))
    assert saved_step(tmp_path) == 3
    (tmp_path / CURRENT).unlink()
    assert saved_step(tmp_path) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == [PREVIOUS]


def test_saving_holds_no_second_copy_of_the_content_in_memory(tmp_path: Path) -> None:
    values = torch.arange(4_000_000.0)
    tracemalloc.start()
    try:
        save(tmp_path, {"values": values})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 0.1 * values.nbytes
    found, _ = load(tmp_path)
    assert found is not None
    assert torch.equal(found["values"], values)


def test_loading_holds_the_content_in_memory_once(tmp_path: Path) -> None:
    values = torch.arange(20_000_000.0)
    save(tmp_path, {"values": values})
    size = values.nbytes / 2**20
    del values
    code = (
        "import sys; from pathlib import Path; import torch; from mpo.training import checkpoints\n"
        "from mpo.benchmark.processes import peak_resident_mib\n"
        "before = peak_resident_mib()\n"
        "found, said = checkpoints.load(Path(sys.argv[1]))\n"
        "assert not said and found['values'][-1] == 20_000_000 - 1\n"
        "print(peak_resident_mib() - before)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    took = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert size <= took < 1.3 * size


@pytest.mark.parametrize("room", [10, 1_000, 150_000])
def test_a_file_that_cannot_be_written_whole_keeps_the_checkpoint_so_far(
    tmp_path: Path, room: int
) -> None:
    """The error is the system's, whichever write it stops, and not one of PyTorch's writer."""
    save(tmp_path, content(1))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        with pytest.raises(OSError, match=f"{tmp_path}/{CURRENT}") as caught:
            save(tmp_path, {**content(2), "many": torch.zeros(50_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.errno == errno.EFBIG
    assert saved_step(tmp_path) == 1
    assert [path.name for path in tmp_path.iterdir()] == [CURRENT]


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "text"])
def test_a_damaged_checkpoint_is_passed_over_and_said(tmp_path: Path, damage: str) -> None:
    for step in (1, 2):
        save(tmp_path, content(step))
    file = tmp_path / CURRENT
    payload = file.read_bytes()
    middle = len(payload) // 2
    file.write_bytes(
        {
            "cut": payload[:-10],
            "flipped": payload[:middle] + bytes([payload[middle] ^ 1]) + payload[middle + 1 :],
            "empty": b"",
            "text": b"no checkpoint\nat all",
        }[damage]
    )
    found, said = load(tmp_path)
    assert found is not None
    assert found["step"] == 1
    (line,) = said
    assert str(file) in line
    assert "checksum" in line
    (tmp_path / PREVIOUS).unlink()
    assert load(tmp_path)[0] is None


def test_nothing_in_a_checkpoint_is_executed(tmp_path: Path) -> None:
    """A payload with a valid checksum that would run a command is passed over."""
    import hashlib
    import io

    class Command:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path / 'executed'}",)

    buffer = io.BytesIO()
    torch.save({"step": Command()}, buffer, pickle_module=pickle)
    payload = buffer.getvalue()
    header = hashlib.sha256(payload).hexdigest().encode() + b"\n"
    (tmp_path / CURRENT).write_bytes(header + payload)
    found, said = load(tmp_path)
    assert found is None
    assert "cannot be read" in said[0]
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("moment", ["before the old one moved", "after the old one moved"])
def test_killed_while_saving_the_newest_whole_one_is_found(tmp_path: Path, moment: str) -> None:
    save(tmp_path, content(1))
    save(tmp_path, content(2))
    pending = tmp_path / f"{CURRENT}.new"
    (tmp_path / CURRENT).replace(pending)
    if moment == "before the old one moved":
        (tmp_path / PREVIOUS).replace(tmp_path / CURRENT)
    assert saved_step(tmp_path) == 2
    save(tmp_path, content(3))
    assert saved_step(tmp_path) == 3


def test_generators_go_on_where_they_were() -> None:
    rng = np.random.default_rng(3)
    rng.normal(size=7)
    other = np.random.default_rng(0)
    checkpoints.restore_generator(other, checkpoints.generator_state(rng))
    np.testing.assert_array_equal(rng.integers(0, 2**40, 9), other.integers(0, 2**40, 9))
