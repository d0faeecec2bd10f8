"""What `state/` keeps of runs: the finished ones, and the checkpoints of the others.

Each folder bears the digests of settings and code and no name, so that which studies ask for it is
read from their manifests.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tabulate import tabulate

from mpo.rundir import FINISHED, PROGRESS, RUN
from mpo.settings.equality import MANIFEST

STATE = Path("state")
RESULTS = Path("results")
DIGITS = 16
"""Of a digest, in the name of a folder."""
HEADERS = ("folder", "what", "task", "variant", "seed", "studies", "MiB", "days")
DAY_S = 86400.0


@dataclass(frozen=True)
class Kept:
    """A folder of `state/`."""

    folder: Path
    finished: bool
    """Whether it holds a finished run, rather than one that may go on."""
    run: dict[str, Any]
    """What its run.json or progress.json says, nothing where neither can be read."""
    studies: tuple[str, ...]
    """Whose manifests ask for a run with its settings and seeds."""
    size: int
    """Bytes."""
    age_s: float
    """Since its newest file was written."""

    @property
    def row(self) -> tuple[str, ...]:
        """Of a table with `HEADERS`."""
        what = "finished" if self.finished else "checkpoint"
        named = (str(self.run.get(key, "")) for key in ("task", "variant", "seed"))
        amounts = f"{self.size / 2**20:.1f}", f"{self.age_s / DAY_S:.1f}"
        return (self.folder.name, what, *named, ", ".join(self.studies), *amounts)


def kept(root: Path = Path()) -> list[Kept]:
    """The folders of `state/` below `root`, the oldest first."""
    manifests = {file.parent.name: _read(file) for file in (root / RESULTS).glob(f"*/{MANIFEST}")}
    studies, now = _asked_for(manifests), time.time()
    folders = (folder for folder in (root / STATE).glob("*-*") if _is_state(folder))
    found = (_kept(folder, studies, manifests, now) for folder in folders)
    return sorted(found, key=lambda each: (-each.age_s, each.folder))


def unknown(root: Path = Path()) -> list[Path]:
    """Folders of studies that have begun, and of which no manifest says what they ask for."""
    folders = sorted(path for path in (root / RESULTS).glob("*") if path.is_dir())
    begun = (path for path in folders if (path / "runs").is_dir() or (path / "logs").is_dir())
    return [path for path in begun if "runs" not in _read(path / MANIFEST)]


def table(found: Iterable[Kept]) -> str:
    """A row each."""
    return tabulate([each.row for each in found], HEADERS, disable_numparse=True)


def _is_state(folder: Path) -> bool:
    settings, _, code = folder.name.partition("-")
    return len(settings) == len(code) == DIGITS and folder.is_dir()


def _kept(
    folder: Path, asked: Mapping[str, set[str]], manifests: Mapping[str, Any], now: float
) -> Kept:
    finished = (folder / FINISHED / RUN).is_file()
    files = [path.stat() for path in folder.rglob("*") if path.is_file()]
    run = _read(folder / FINISHED / RUN if finished else folder / PROGRESS)
    studies = asked.get(folder.name[:DIGITS]) or _of_cohort(run, manifests)
    newest = max((status.st_mtime for status in files), default=folder.stat().st_mtime)
    size = sum(status.st_size for status in files)
    return Kept(folder, finished, run, tuple(sorted(studies)), size, now - newest)


def _asked_for(manifests: Mapping[str, Any]) -> defaultdict[str, set[str]]:
    """Names of studies by the beginning of the settings' digest that they ask for."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for study, manifest in manifests.items():
        for run in manifest.get("runs", ()):
            found[run["settings_digest"][:DIGITS]].add(study)
    return found


def _of_cohort(run: Mapping[str, Any], manifests: Mapping[str, Any]) -> set[str]:
    """Studies that a cohort's checkpoint may be of: its folder bears no run's digest.

    Its progress.json says task, variant and, in words, seeds: those are taken that have runs of
    both, so that none is taken for an orphan that is not.
    """
    if not isinstance(run.get("seed"), str):
        return set()
    both = run.get("task"), run.get("variant")
    return {
        study
        for study, manifest in manifests.items()
        if any((each.get("task"), each.get("variant")) == both for each in manifest.get("runs", ()))
    }


def _read(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
