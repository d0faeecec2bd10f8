"""What run.json says of the code: the commit, or why git does not tell it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mpo.training import provenance


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one commit, in which the package is made to lie."""
    commands = (
        ["init", "--quiet"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "first"],
    )
    (tmp_path / "provenance.py").write_text("code = 1\n")
    for command in commands:
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "provenance.py"))
    return tmp_path


def test_a_repository_tells_its_commit_and_whether_it_was_changed(repository: Path):
    found = provenance.git()
    assert len(found["commit"]) == 40
    assert found["dirty"] is False
    (repository / "provenance.py").write_text("code = 2\n")
    assert provenance.git() == {"commit": found["commit"], "dirty": True}


def test_another_user_s_repository_is_said_to_be(repository: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    why = f"detected dubious ownership in repository at '{repository}'"
    assert provenance.git() == {"commit": None, "dirty": None, "why": why}


def test_where_there_is_no_repository_or_no_git_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "provenance.py"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    found = provenance.git()
    assert found["commit"] is None
    assert found["why"].startswith("not a git repository")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert provenance.git()["why"] == "[Errno 2] No such file or directory: 'git'"
