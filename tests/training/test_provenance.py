"""What run.json says of the code: the commit, or why git does not tell it."""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
from pathlib import Path

import pytest

from mpo.project import PACKAGED
from mpo.training import provenance

UNTOLD = {
    "commit": None,
    "dirty": None,
    "version": importlib.metadata.version("mpo"),
    "package_digest": provenance.package_digest(),
}
"""What is said beside `why` where git does not tell the commit."""


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
    assert provenance.git() == UNTOLD | {"why": why}


def test_where_there_is_no_repository_or_no_git_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "provenance.py"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    found = provenance.git()
    assert found == UNTOLD | {"why": found["why"]}
    assert found["why"].startswith("not a git repository")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert provenance.git()["why"] == "[Errno 2] No such file or directory: 'git'"


def test_a_repository_that_does_not_hold_the_package_is_not_asked(
    repository: Path, monkeypatch: pytest.MonkeyPatch
):
    site = repository / "environment/site-packages"
    site.mkdir(parents=True)
    shutil.copy(repository / "provenance.py", site)
    monkeypatch.setattr(provenance, "__file__", str(site / "provenance.py"))
    why = "the package is not in the repository around it"
    assert provenance.git() == UNTOLD | {"why": why}


def test_a_package_that_was_not_installed_has_no_version(
    repository: Path, monkeypatch: pytest.MonkeyPatch
):
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert provenance.git()["version"] is None


def test_the_package_s_digest_is_that_of_its_modules_and_of_nothing_packaged(tmp_path: Path):
    (tmp_path / "room").mkdir()
    (tmp_path / "room/module.py").write_text("code = 1\n")
    before = provenance.package_digest(tmp_path)
    script = tmp_path / PACKAGED / "workflow/scripts/script.py"
    script.parent.mkdir(parents=True)
    script.write_text("code = 3\n")
    assert provenance.package_digest(tmp_path) == before
    (tmp_path / "room/module.py").write_text("code = 2\n")
    assert provenance.package_digest(tmp_path) != before
