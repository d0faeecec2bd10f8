"""Every field of the settings is read by a run, under the protocols that its description says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mpo.settings import Settings
from mpo.settings.combinations import (
    ITERATIONS_FIXES,
    ITERATIONS_IGNORES,
    ITERATIONS_ONLY,
    ITERATIONS_UNREAD,
)
from mpo.training import run
from tests.learning import VARIANTS
from tests.runs import PERIODS, TINY, job
from tests.training.protocols.iterations import iterating

pytestmark = pytest.mark.usefixtures("unchecked")
FIELDS = set(Settings.model_fields) - {"foreign"}  # which other code reads


def read_by(values: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The fields that a whole run with the settings `values` reads."""
    read: set[str] = set()

    class Recorded(Settings):
        def __getattribute__(self, name: str) -> Any:
            read.add(name)
            return super().__getattribute__(name)

    # which options' code a run executes is asked of all of them, and tried with all of their fields
    monkeypatch.setattr("mpo.training.session.attempt", lambda *sizes: None)
    monkeypatch.setattr("mpo.training.job.code_digest", lambda settings: "0" * 64)
    chosen = Recorded(**values)
    read.clear()  # of what validation read
    assert run.train(job(folder, chosen), bar=False) == "completed"
    return read & FIELDS


def test_off_policy_reads_every_field_but_those_of_iterations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One variant does or, where an option alone asks for a field, another one."""
    expected, read = FIELDS - set(ITERATIONS_ONLY), set[str]()
    for name in ("stabilised", *VARIANTS):
        if not expected <= read:
            values = {**VARIANTS[name], **TINY, **PERIODS}
            read |= read_by(values, tmp_path / name, monkeypatch)
    assert read == expected


def test_iterations_reads_no_field_that_it_is_said_not_to_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {**iterating.VARIANTS["seed_report"], **iterating.TINY}
    read = read_by(values, tmp_path / "cleared", monkeypatch)
    assert "replay_capacity" not in read
    read |= read_by(values | {"replay_cleared": False}, tmp_path / "kept", monkeypatch)
    unread = {*ITERATIONS_IGNORES, *ITERATIONS_UNREAD}
    assert read - set(ITERATIONS_FIXES) == FIELDS - unread - set(ITERATIONS_FIXES)
    assert not read & unread
