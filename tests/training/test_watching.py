"""TensorBoard's events while a run trains: what they hold, and that the run is the same."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from mpo import rundir
from mpo.rundir.events import FILE, Events
from mpo.training import run
from mpo.training.session import Session
from mpo.training.stopping import Interrupted
from tests.evaluation.exporting.test_exporting import scalars_in
from tests.runs import contents, job, signalled, tiny

pytest.importorskip("tensorboard")
pytestmark = pytest.mark.usefixtures("unchecked")


def rows(file: Path) -> list[dict[str, str]]:
    with file.open() as lines:
        return list(csv.DictReader(lines))


def test_a_watched_run_is_the_same_and_its_events_hold_its_rows(tmp_path: Path) -> None:
    """Interrupted on the way too, after which the events begin anew."""
    plain = job(tmp_path / "plain", tiny())
    watched = replace(job(tmp_path / "watched", tiny()), tensorboard=tmp_path / "events")
    assert watched.settings_digest == plain.settings_digest
    assert watched.code_digest == plain.code_digest
    assert run.train(plain, bar=False) == rundir.COMPLETED
    with pytest.raises(Interrupted), signalled(Session, "_log", 2):
        run.train(watched, bar=False)
    assert run.train(watched, bar=False) == rundir.COMPLETED
    assert contents(watched) == contents(plain)
    assert watched.events == tmp_path / "events/toy/variant/0"
    assert watched.events is not None
    found = scalars_in(watched.events)
    means: dict[int, list[float]] = {}
    for row in rows(watched.out / rundir.EVALUATIONS):
        means.setdefault(int(row["step"]), []).append(float(row["return"]))
    assert dict(found["evaluation/return"]) == pytest.approx(
        {step: sum(each) / len(each) for step, each in means.items()}
    )
    logged = rows(watched.out / rundir.TRAINING)
    assert [step for step, _ in found["training/loss_critic"]] == [int(r["step"]) for r in logged]
    losses = [float(row["loss_critic"]) for row in logged]
    assert [value for _, value in found["training/loss_critic"]] == pytest.approx(losses)
    assert "timing/updates_per_s" in found


def test_a_full_disk_ends_the_watching_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Events, "update", full)
    watched = replace(job(tmp_path, tiny()), tensorboard=tmp_path / "events")
    assert run.train(watched, bar=False) == rundir.COMPLETED
    assert caplog.text.count("No space left on device; training goes on") == 1
    assert (tmp_path / "events/toy/variant/0" / FILE).exists()
