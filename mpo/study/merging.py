"""Shards: runs of one study that several machines trained, brought into one folder.

Each machine trains some of the study's seeds, tasks or variants, and has them in a study's folder
of its own. Every run is held against what the study asks for: settings and code by their digests,
files by their checksums. Where anything disagrees, nothing is merged.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mpo.rundir import (
    EVALUATIONS,
    FINISHED,
    POLICY,
    RUN,
    RUN_FILES,
    TRAINING,
    altered,
    checksum,
    link,
    write_atomically,
)
from mpo.settings import SettingsError
from mpo.settings.equality import MANIFEST, Equality, equal_codes, equalities
from mpo.study.study import Run, Study, manifest_bytes

COMPUTED = (EVALUATIONS, TRAINING, POLICY)
"""Files that are equal however often a run is trained; the others hold times."""


class Disagreement(ValueError):
    """Runs that are not the study's, or not the same from two machines; one line for each."""


@dataclass(frozen=True)
class Shard:
    """A run as a machine trained it: its folder, and what its run.json says."""

    run: Run
    folder: Path
    described: Mapping[str, Any]

    @property
    def computed(self) -> dict[str, str]:
        """Checksums of what does not depend on times."""
        return {name: checksum((self.folder / name).read_bytes()) for name in COMPUTED}


def merge(study: Study, sources: Sequence[Path], root: Path = Path()) -> tuple[int, list[Run]]:
    """Bring the runs in the folders `sources` into that of `study` below `root`.

    How many runs there are then, and which of the study's are still missing. Raises `Disagreement`
    for everything that is wrong with any of them, and then changes nothing.
    """
    folder = root / study.folder
    shown, faults = _shown([*sources, folder])
    found: dict[str, Shard] = {}
    for source in [folder, *sources]:
        for shard in _shards(study, source, shown, faults):
            other = found.setdefault(shard.run.path, shard)
            if other.computed != shard.computed:
                names = [n for n in COMPUTED if other.computed[n] != shard.computed[n]]
                faults.append(f"{shard.folder}: {', '.join(names)} not as in {other.folder}")
    if faults:
        raise Disagreement("\n".join(faults))
    for shard in found.values():
        _place(shard, folder / shard.run.path)
        _place(shard, _kept(shard, root))
    write_atomically(folder / MANIFEST, manifest_bytes(study.manifest(), shown))
    return len(found), [run for run in study.runs if run.path not in found]


def _shown(folders: Iterable[Path]) -> tuple[list[Equality], list[str]]:
    """The codes that any of the manifests records as equal, and what cannot be read."""
    found: list[Equality] = []
    faults: list[str] = []
    for folder in folders:
        try:
            found += [one for one in equalities(folder / MANIFEST) if one not in found]
        except SettingsError as error:
            faults.append(str(error))
    return found, faults


def _shards(
    study: Study, source: Path, shown: Sequence[Equality], faults: list[str]
) -> Iterator[Shard]:
    """The runs in one folder that are the study's; faults of the others."""
    planned = {run.path: run for run in study.runs}
    for file in sorted(source.glob(f"runs/*/*/*/{RUN}")):
        path = file.parent.relative_to(source).as_posix()
        if path not in planned:
            faults.append(f"{file.parent}: study {study.name} asks for no such run")
            continue
        run = planned[path]
        try:
            described = json.loads(file.read_text(encoding="utf-8"))
            fault = _fault(run, file.parent, described, shown)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            faults.append(f"{file}: it describes no run ({error!r})")
            continue
        if fault:
            faults.append(fault)
        else:
            yield Shard(run, file.parent, described)


def _fault(
    run: Run, folder: Path, described: Mapping[str, Any], shown: Sequence[Equality]
) -> str | None:
    """What is wrong with a run's files, if anything is."""
    if described["settings_digest"] != run.settings_digest:
        return f"{folder}: trained with other settings or seeds than the study's"
    if described["code_digest"] not in equal_codes(shown, run.task, run.variant, run.code_digest):
        return f"{folder}: trained by other code ({described['code_digest'][:12]}) than today's"
    if missing := [name for name in RUN_FILES if not (folder / name).is_file()]:
        return f"{folder}: {', '.join(missing)} is missing"
    if changed := altered(folder, described):
        return f"{folder}: {', '.join(changed)} is not the file that the run wrote"
    return None


def _kept(shard: Shard, root: Path) -> Path:
    """Where a trainer looks for the run, finished."""
    digests = shard.run.settings_digest[:16], shard.described["code_digest"][:16]
    return root / "state" / "-".join(digests) / FINISHED


def _place(shard: Shard, folder: Path) -> None:
    """Give a run's files their place, run.json last."""
    if folder != shard.folder:
        for name in RUN_FILES:
            link(shard.folder / name, folder / name)
