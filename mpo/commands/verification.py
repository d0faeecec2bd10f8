"""`verify`: does a study's folder say what its runs say, and does a run come out the same again?"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from mpo.commands import InputError
from mpo.commands.verifying.retraining import HELD_TO_BYTES, train, unlike
from mpo.rundir import RUN, checksum, trained_by
from mpo.settings import settings
from mpo.settings.digests import code_digest
from mpo.settings.equality import equal_codes, equalities, manifest_of
from mpo.study.entries import CONFIG

GIVEN = ("theory", "failures")
"""Folders of a study that are not recomputed."""


@click.command()
@click.argument("study_dir", type=click.Path(path_type=Path))
@click.option("--rerun", metavar="TASK/VARIANT/SEED", help="Which run, else the shortest.")
@click.option("--no-rerun", is_flag=True, help="Train nothing.")
@click.option(
    "--same-as",
    "commit",
    metavar="COMMIT",
    help="Instead: do the runs begin with the same bytes by the code of COMMIT, which trained "
    "them, and by today's? Where they do, that is recorded, and they stand.",
)
@click.option(
    "--steps", type=click.IntRange(1), help="With --same-as, else until targets were refreshed."
)
def verify(
    study_dir: Path, rerun: str | None, no_rerun: bool, commit: str | None, steps: int | None
) -> None:
    """Recompute the tables of STUDY_DIR, check every digest, and train one run from scratch."""
    if commit is not None and (rerun is not None or no_rerun):
        raise InputError("--same-as: trains other runs than --rerun and --no-rerun are about")
    if steps is not None and commit is None:
        raise InputError(f"--steps: {steps} is not allowed without --same-as")
    if commit is None:
        faults = _verified(study_dir, rerun, no_rerun)
    else:
        from mpo.commands.verifying.same_as import same_as

        faults = same_as(study_dir, commit, steps)
    for fault in faults:
        click.echo(f"differs: {fault}", err=True)
    if faults:
        sys.exit(1)


def _verified(study_dir: Path, rerun: str | None, no_rerun: bool) -> list[str]:
    """What is not as it was: files recomputed, and those of a run trained again."""
    from mpo.evaluation import StudyError, load
    from mpo.evaluation.reading.manifest import ManifestError

    try:
        study = load(study_dir)
    except (StudyError, ManifestError) as error:
        raise InputError(str(error)) from None
    click.echo(f"{len(study.runs)} runs are whole, and those that the manifest asks for")
    faults = list(_recomputed(study_dir))
    if not no_rerun:
        here = [name for name, each in study.manifest.variants.items() if each.trained_here]
        planned = [run for run in study.manifest.runs if run.variant in here]
        names = [run.path.removeprefix("runs/") for run in planned]
        if not names:
            click.echo("other code trained all of them, which is not trained again here")
            return faults
        if rerun is not None and rerun not in names:
            allowed = f"a run that MPO trained is named as {names[0]}"
            raise InputError(f"--rerun: {rerun!r} is not allowed; {allowed}")
        ours = study.runs[study.runs["variant"].isin(here)]
        shortest = ours.loc[ours["cpu_s"].idxmin()]
        chosen = rerun or "/".join(str(shortest[key]) for key in ("task", "variant", "seed"))
        faults += _trained_again(study_dir / "runs" / chosen)
    return faults


def _recomputed(study_dir: Path) -> Iterator[str]:
    """The files of frames and tables that come out otherwise from the runs as they lie."""
    from mpo.evaluation import load, stages
    from mpo.evaluation.claims import claims_of
    from mpo.evaluation.showing.claims.files import make
    from mpo.study.claims import load_claims
    from mpo.study.published import load_published

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(study_dir / "manifest.json", folder)
        for part in GIVEN:
            if (study_dir / part).is_dir():
                shutil.copytree(study_dir / part, folder / part)
        stages.write_runs(load(study_dir), load_published(), folder)
        stages.write_estimates(folder)
        stages.write_tables(folder)
        make(claims_of(load_claims(CONFIG / "claims.yaml")), folder)
        made = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
        made = [path for path in made if path.parts[0] not in ("manifest.json", *GIVEN)]
        differing = [
            path
            for path in made
            if not (study_dir / path).is_file()
            or (study_dir / path).read_bytes() != (folder / path).read_bytes()
        ]
    click.echo(f"{len(made) - len(differing)} of {len(made)} files recomputed are equal by byte")
    for path in differing:
        here = (study_dir / path).is_file()
        yield f"{study_dir / path} {'is not what its runs give' if here else 'is missing'}"


def _trained_again(run_dir: Path) -> Iterator[str]:
    """The files of a run that come out otherwise when it is trained from scratch."""
    run = json.loads((run_dir / RUN).read_text())
    chosen = settings(run["settings"])
    shown = equalities(manifest_of(run_dir))
    today = code_digest(chosen, cohort="cohort" in run)
    if today not in equal_codes(shown, run["task"], run["variant"], run["code_digest"]):
        yield (
            f"{run_dir}: trained by other code than today's ({run['code_digest'][:12]}, now "
            f"{today[:12]}); get {trained_by(run)} to train it again"
        )
        return
    click.echo(f"training {run_dir} again, {run['steps']:,} steps; {run['cpu_s']:.0f} s then")
    with tempfile.TemporaryDirectory() as name:
        out = Path(name, "run")
        train(run, chosen.differences(), out, Path(name, "state"), fresh=True)
        equal = []
        for file in HELD_TO_BYTES:
            expected = run.get("files", {}).get(file) or checksum((run_dir / file).read_bytes())
            if checksum((out / file).read_bytes()) == expected:
                equal.append(file)
            else:
                yield f"{run_dir / file}: another one came out{_why(run, out)}"
    click.echo(f"equal by byte: {', '.join(equal) or 'nothing'}")


def _why(run: dict[str, Any], out: Path) -> str:
    told = unlike(run, json.loads((out / RUN).read_text()))
    return f" ({told})" if told else ", on the same machine and versions"
