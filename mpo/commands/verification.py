"""`verify`: does a study's folder say what its runs say, and does a run come out the same again?"""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from mpo.commands import InputError
from mpo.commands.verifying.again import Again, together, trained_again
from mpo.study.entries import CONFIG

GIVEN = ("theory", "failures")
"""Folders of a study that are not recomputed."""


@click.command()
@click.argument("study_dir", type=click.Path(path_type=Path))
@click.option("--rerun", metavar="TASK/VARIANT/SEED", help="Which run, else the shortest.")
@click.option("--no-rerun", is_flag=True, help="Train nothing.")
@click.option("--runs", type=click.IntRange(2), help="Train so many again, drawn at random.")
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
    study_dir: Path,
    rerun: str | None,
    no_rerun: bool,
    runs: int | None,
    commit: str | None,
    steps: int | None,
) -> None:
    """Recompute the tables of STUDY_DIR, check every digest, and train one run from scratch.

    Several with --runs: equal by byte where processor and versions are those of then, else their
    mean return is held against its interval.
    """
    about = {"--rerun": rerun is not None, "--no-rerun": no_rerun, "--runs": runs is not None}
    asked = [name for name, given in about.items() if given]
    if commit is not None and asked:
        raise InputError("--same-as: trains other runs than --rerun, --no-rerun, --runs are about")
    if len(asked) > 1:
        raise InputError(f"{asked[0]}: is not allowed together with {asked[1]}")
    if steps is not None and commit is None:
        raise InputError(f"--steps: {steps} is not allowed without --same-as")
    if commit is None:
        faults = _verified(study_dir, rerun, no_rerun, runs or 1)
    else:
        from mpo.commands.verifying.same_as import same_as

        faults = same_as(study_dir, commit, steps)
    for fault in faults:
        click.echo(f"differs: {fault}", err=True)
    if faults:
        sys.exit(1)


def _verified(study_dir: Path, rerun: str | None, no_rerun: bool, count: int) -> list[str]:
    """What is not as it was: files recomputed, and those of `count` runs trained again."""
    from mpo.evaluation import StudyError, load
    from mpo.evaluation.reading.manifest import ManifestError

    try:
        study = load(study_dir)
    except (StudyError, ManifestError) as error:
        raise InputError(str(error)) from None
    one = "1 run is whole, and the one that the manifest asks for"
    several = f"{len(study.runs)} runs are whole, and those that the manifest asks for"
    click.echo(one if len(study.runs) == 1 else several)
    faults = list(_recomputed(study_dir))
    if no_rerun:
        return faults
    here = [name for name, each in study.manifest.variants.items() if each.trained_here]
    ours = study.runs[study.runs["variant"].isin(here)]
    from mpo.evaluation.reading.manifest import RUN_KEYS

    keys = ours[RUN_KEYS].astype(str).agg("/".join, axis=1)
    names = keys.tolist()
    if not names:
        click.echo("other code trained all of them, which is not trained again here")
        return faults
    if rerun is not None and rerun not in names:
        allowed = f"a run that MPO trained is named as {names[0]}"
        raise InputError(f"--rerun: {rerun!r} is not allowed; {allowed}")
    if count > len(names):
        raise InputError(f"--runs: {count} is not allowed; MPO trained {len(names)} of its runs")
    chosen = [rerun or keys[ours["cpu_s"].idxmin()]] if count == 1 else random.sample(names, count)
    again = [trained_again(study_dir / "runs" / name) for name in chosen]
    found = [each for each in again if isinstance(each, Again)]
    faults += [each for each in again if isinstance(each, str)]
    return faults + (list(found[0].faults()) if len(chosen) == 1 and found else [*together(found)])


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
