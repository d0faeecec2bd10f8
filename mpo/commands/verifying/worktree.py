"""The code of another commit in a temporary place, which is removed again whatever happens."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mpo.commands import InputError
from mpo.settings import PACKAGE

REPOSITORY = PACKAGE.parent


def resolved(commit: str, repository: Path = REPOSITORY) -> str:
    """The full name of `commit`. Raises `InputError` where the package's repository has none."""
    found = _git(repository, "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}")
    if found.returncode:
        where = _git(repository, "rev-parse", "--show-toplevel").stdout.strip()
        allowed = f"{where} has no such commit" if where else f"{repository} is no git repository"
        raise InputError(f"--same-as: {commit!r} is not allowed; {allowed}")
    return found.stdout.strip()


@contextmanager
def checked_out(commit: str, repository: Path = REPOSITORY) -> Iterator[Path]:
    """A worktree of `commit`, removed after an error, Ctrl-C and SIGTERM too.

    Raises `InputError` with what git says where it cannot be made.
    """
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        with tempfile.TemporaryDirectory(prefix="mpo-same-as-") as name:
            folder = Path(name).resolve() / "code"
            try:
                made = _git(repository, "worktree", "add", "--detach", str(folder), commit)
                if made.returncode:
                    raise InputError(f"--same-as: git worktree add failed: {made.stderr.strip()}")
                yield folder
            finally:
                _git(repository, "worktree", "remove", "--force", "--force", str(folder))
    finally:
        signal.signal(signal.SIGTERM, before)


def _git(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Git, whose hooks are for work and not for this."""
    command = ["git", "-C", str(repository), "-c", "core.hooksPath=/dev/null", *arguments]
    return subprocess.run(command, capture_output=True, text=True)
