"""`verify --same-as`: do a study's runs begin with the same bytes by an older code and by today's?

An edit that changes no result leaves every run with another code's digest. Here one run of each
variant and task is begun anew by the code of a commit and by today's. Where all bytes agree, the
study's manifest records that the codes are equal, and the runs stand for today's code.
"""

from __future__ import annotations

import datetime
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from mpo.commands import InputError
from mpo.commands.verifying.beginnings import Beginning, beginnings
from mpo.commands.verifying.differences import first_difference
from mpo.commands.verifying.retraining import CODE, train, unlike
from mpo.commands.verifying.worktree import checked_out, resolved
from mpo.evaluation.reading.manifest import ManifestError, read_manifest
from mpo.rundir import EVALUATIONS, RUN, TRAINING, is_complete, write_atomically
from mpo.rundir.held import HELD_TO_BYTES
from mpo.settings.equality import MANIFEST, Equality, equalities
from mpo.study.study import manifest_bytes

STATE = Path("state/same-as")
"""Where what was trained is kept until it is found equal, so that an interruption costs little."""


@dataclass(frozen=True)
class Compared:
    """A beginning by both codes, what their run.json say, and what differs, if anything does."""

    begun: Beginning
    then: dict[str, Any]
    now: dict[str, Any] | None
    """None where the older code is not that of the runs."""
    fault: str | None

    @property
    def codes(self) -> tuple[str, str | None]:
        """The digests of both codes."""
        return self.then["code_digest"], self.now["code_digest"] if self.now else None


def same_as(study_dir: Path, commit: str, steps: int | None) -> list[str]:
    """Compare the code of `commit` with today's, record what is equal, and say what is not.

    `steps` control steps are trained, else enough for the targets to be refreshed. Raises
    `InputError` for a study or a commit that is not there, and for training that fails.
    """
    commit = resolved(commit)
    try:
        begun = list(beginnings(study_dir, read_manifest(study_dir), steps))
    except ManifestError as error:
        raise InputError(str(error)) from None
    if not begun:
        click.echo(f"{study_dir}: the code of every run is today's, or shown equal to it")
        return []
    compared: list[Compared] = []
    with checked_out(commit) as code, tqdm(begun, unit="run") as bar:
        for each in bar:
            bar.set_postfix_str(f"{each.name}, {sum(bool(c.fault) for c in compared)} differ")
            compared.append(_compared(each, commit, code))
    differing = {each.codes: each for each in compared if each.fault}
    equal = [each for each in compared if each.codes not in differing]
    _record(study_dir / MANIFEST, [_equality(each, commit) for each in equal])
    for each in equal:
        for name in (commit, each.begun.code_digest):
            shutil.rmtree(_folder(each.begun, name))
    click.echo(
        f"{len(equal)} of {len(begun)} runs, one of each variant and task, begin with the same "
        f"bytes as by commit {commit[:12]}; {study_dir / MANIFEST} says so"
    )
    return list(_faults(compared, differing))


def _compared(begun: Beginning, commit: str, code: Path) -> Compared:
    then = _trained(begun, _folder(begun, commit), code)
    if then.get("git") != {"commit": commit, "dirty": False}:
        raise InputError(f"{code}: not the code of {commit} trained there but {then.get('git')}")
    if then["code_digest"] not in begun.codes:
        fault = (
            f"the code of commit {commit[:12]} ({then['code_digest'][:12]}) is not that of its "
            f"runs ({begun.run['code_digest'][:12]}, commit {begun.run['git']['commit']})"
        )
        return Compared(begun, then, None, fault)
    now = _trained(begun, _folder(begun, begun.code_digest), CODE)
    if now["code_digest"] != begun.code_digest:
        raise InputError(f"{CODE}: other code trained there; was a file edited meanwhile?")
    return Compared(begun, then, now, _fault(begun, commit, then, now))


def _folder(begun: Beginning, name: str) -> Path:
    """Where what the code of a commit, or of a digest, trains of it is kept."""
    return STATE / f"{begun.settings_digest[:16]}-{name[:16]}"


def _trained(begun: Beginning, folder: Path, code: Path) -> dict[str, Any]:
    """The run.json of a beginning by the package in `code`, trained unless `folder` holds it."""
    out = folder / "run"
    if not _complete(out):
        train(begun.run, begun.settings.differences(), out, folder / "state", code, quiet=True)
    return json.loads((out / RUN).read_text(encoding="utf-8"))


def _complete(out: Path) -> bool:
    """Whether a run was written whole, whatever its code, which the folder's name says."""
    try:
        run = json.loads((out / RUN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return is_complete(out, run["settings_digest"], run["code_digest"])


def _fault(begun: Beginning, commit: str, then: dict[str, Any], now: dict[str, Any]) -> str | None:
    """Where the files of both codes begin to differ, and where they lie; None if nowhere."""
    old, new = (_folder(begun, name) / "run" for name in (commit, begun.code_digest))
    found = {name: first_difference(old / name, new / name) for name in HELD_TO_BYTES}
    if told := [f"{name} differs first in {what}" for name, what in found.items() if what]:
        made = [f"then: {old}", f"now: {new}", *filter(None, [unlike(then, now)])]
        return f"{'; '.join(told)} ({', '.join(made)})"
    short = [name for name in (EVALUATIONS, TRAINING) if (new / name).read_bytes().count(b"\n") < 2]
    if short:
        return f"{short[0]} has no row after {now['steps']:,} steps; give more by --steps"
    return None


def _faults(
    compared: Sequence[Compared], differing: dict[tuple[str, str | None], Compared]
) -> Iterator[str]:
    """What differs; and what is equal by codes that differ elsewhere, which are thus not equal."""
    for each in compared:
        if each.fault:
            yield f"{each.begun.name}: {each.fault}"
        elif other := differing.get(each.codes):
            yield f"{each.begun.name}: equal, but its codes are those of {other.begun.name}"


def _equality(each: Compared, commit: str) -> Equality:
    run = each.now
    assert run is not None
    return Equality(
        task=run["task"],
        variant=run["variant"],
        old_code_digest=each.then["code_digest"],
        new_code_digest=run["code_digest"],
        commit=commit,
        seed=run["seed"],
        steps=run["steps"],
        updates=run["updates"],
        lowered=each.begun.lowered,
        compiled=run["machine"]["compiled"],
        processor=run["machine"]["cpu"],
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
    )


def _record(manifest: Path, new: Sequence[Equality]) -> None:
    """Add what was shown to a manifest that is otherwise left as it is."""
    if new:
        asked = json.loads(manifest.read_text(encoding="utf-8"))
        write_atomically(manifest, manifest_bytes(asked, [*equalities(manifest), *new]))
