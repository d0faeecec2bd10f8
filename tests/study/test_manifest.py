"""What a study's manifest records of codes shown equal is kept, and asked by all who read runs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mpo.settings import SettingsError
from mpo.settings.equality import MANIFEST, equalities
from mpo.study.status import study_status
from mpo.study.study import Run, Study, standing
from tests.configuration import config, load
from tests.shown_equal import record, shown

__all__ = ["config"]
OLD = "0" * 64


@pytest.fixture
def study(config: Path) -> Study:
    return load(config)


def trained(root: Path, study: Study, run: Run, **changes: str) -> None:
    """The run.json of `run` by other code."""
    digests = {"settings_digest": run.settings_digest, "code_digest": OLD}
    file = root / study.folder / run.path / "run.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"status": "completed", **digests, **changes}))


def test_writing_and_mending_it_keeps_what_was_shown(study: Study, tmp_path: Path):
    file = tmp_path / MANIFEST
    study.write_manifest(file)
    plain = file.read_bytes()
    links = (shown(OLD, "a"), shown("a", "b"))
    record(tmp_path, *links)
    study.mend_manifest(file)
    assert equalities(file) == links
    study.write_manifest(file)
    assert equalities(file) == links
    replace(study, seeds=(0,)).mend_manifest(file)
    assert equalities(file) == links
    assert len(json.loads(file.read_text())["runs"]) == len(study.runs) / 2
    record(tmp_path)
    study.mend_manifest(file)
    assert file.read_bytes() == plain


def test_mending_makes_none_and_rewrites_none_that_is_right(study: Study, tmp_path: Path):
    file = tmp_path / MANIFEST
    study.mend_manifest(file)
    assert not file.exists()
    study.write_manifest(file)
    before = file.stat().st_mtime_ns
    study.mend_manifest(file)
    assert file.stat().st_mtime_ns == before


def test_one_that_is_broken_is_not_overwritten(study: Study, tmp_path: Path):
    file = tmp_path / MANIFEST
    file.write_text("{")
    with pytest.raises(SettingsError, match="not JSON"):
        study.mend_manifest(file)
    assert file.read_text() == "{"


def test_a_run_stands_where_its_code_is_shown_equal_and_its_settings_are_its_own(
    study: Study, tmp_path: Path
):
    first, second, *rest = study.runs
    folder = tmp_path / study.folder
    assert {first.task, second.task} == {"balance"}
    trained(tmp_path, study, first)
    trained(tmp_path, study, second, settings_digest="f" * 64)
    assert standing(study.runs, folder) == study.runs
    key = {"task": first.task, "variant": first.variant}
    record(folder, shown(OLD, "a", **key), shown("a", first.code_digest, **key))
    assert standing(study.runs, folder) == [replace(first, code_digest=OLD), second, *rest]
    states = [status.state for status in study_status(study, tmp_path)]
    assert states == ["done", *["waiting"] * (len(rest) + 1)]
    (folder / first.path / "run.json").write_text("{")
    assert standing(study.runs, folder) == study.runs


def test_variants_whose_code_is_shown_equal_have_not_changed(study: Study):
    older = [replace(run, code_digest=OLD) for run in study.runs]
    assert study.changed_since(older) == ["paper", "late"]
    links = [
        shown(OLD, run.code_digest, task=run.task, variant=run.variant)
        for run in study.runs
        if run.seed == 0
    ]
    assert study.changed_since(older, links) == []
    assert study.changed_since(older, links[:-1]) == ["late"]
    others = [replace(run, settings_digest=OLD) for run in study.runs]
    assert study.changed_since(others, links) == ["paper", "late"]
