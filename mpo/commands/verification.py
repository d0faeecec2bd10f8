"""`verify`: does a study's folder say what its runs say, and does a run come out the same again?"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from mpo.commands import InputError
from mpo.rundir import EVALUATIONS, POLICY, RUN, TRAINING, checksum
from mpo.settings import Settings, settings
from mpo.settings.digests import code_digest
from mpo.study.entries import CONFIG

HELD_TO_BYTES = (EVALUATIONS, TRAINING, POLICY)
"""Files of a run that come out the same again; the others hold times."""


@click.command()
@click.argument("study_dir", type=click.Path(path_type=Path))
@click.option("--rerun", metavar="TASK/VARIANT/SEED", help="Which run, else the shortest.")
@click.option("--no-rerun", is_flag=True, help="Train nothing.")
def verify(study_dir: Path, rerun: str | None, no_rerun: bool) -> None:
    """Recompute the tables of STUDY_DIR, check every digest, and train one run from scratch."""
    from mpo.evaluation import StudyError, load
    from mpo.evaluation.reading.manifest import ManifestError

    try:
        study = load(study_dir)
    except (StudyError, ManifestError) as error:
        raise InputError(str(error)) from None
    click.echo(f"{len(study.runs)} runs are whole, and those that the manifest asks for")
    faults = list(_recomputed(study_dir))
    if not no_rerun:
        names = [run.path.removeprefix("runs/") for run in study.manifest.runs]
        if rerun is not None and rerun not in names:
            raise InputError(f"--rerun: {rerun!r} is not allowed; a run is named as {names[0]}")
        shortest = study.runs.loc[study.runs["cpu_s"].idxmin()]
        chosen = rerun or "/".join(str(shortest[key]) for key in ("task", "variant", "seed"))
        faults += _trained_again(study_dir / "runs" / chosen)
    for fault in faults:
        click.echo(f"differs: {fault}", err=True)
    if faults:
        sys.exit(1)


def _recomputed(study_dir: Path) -> Iterator[str]:
    """The files of frames and tables that come out otherwise from the runs as they lie."""
    from mpo.evaluation import load, stages
    from mpo.evaluation.claims import claims_of
    from mpo.evaluation.showing.claims.files import write
    from mpo.study.claims import load_claims
    from mpo.study.published import load_published

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(study_dir / "manifest.json", folder)
        if (study_dir / "theory").is_dir():
            shutil.copytree(study_dir / "theory", folder / "theory")
        stages.write_runs(load(study_dir), load_published(), folder)
        stages.write_estimates(folder)
        stages.write_tables(folder)
        write(claims_of(load_claims(CONFIG / "claims.yaml")), folder)
        made = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
        made = [path for path in made if path.parts[0] not in ("manifest.json", "theory")]
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
    if (today := code_digest(chosen)) != run["code_digest"]:
        yield (
            f"{run_dir}: trained by other code than today's ({run['code_digest'][:12]}, now "
            f"{today[:12]}); check out commit {run['git']['commit']} to train it again"
        )
        return
    click.echo(f"training {run_dir} again, {run['steps']:,} steps; {run['cpu_s']:.0f} s then")
    with tempfile.TemporaryDirectory() as name:
        out = Path(name, "run")
        _train(run, chosen, out, Path(name, "state"))
        equal = []
        for file in HELD_TO_BYTES:
            expected = run.get("files", {}).get(file) or checksum((run_dir / file).read_bytes())
            if checksum((out / file).read_bytes()) == expected:
                equal.append(file)
            else:
                yield f"{run_dir / file}: another one came out{_why(run, out)}"
    click.echo(f"equal by byte: {', '.join(equal) or 'nothing'}")


def _train(run: dict[str, Any], chosen: Settings, out: Path, state: Path) -> None:
    command = [sys.executable, "-m", "mpo", "train", "--task", run["task"]]
    command += ["--variant", run["variant"], "--seed", str(run["seed"])]
    command += ["--study-seed", str(run["study_seed"]), "--out", str(out), "--state", str(state)]
    command += ["--settings", json.dumps(chosen.differences())]
    if subprocess.run(command).returncode:
        raise InputError(f"{out}: training again failed; what it said is above")


def _why(run: dict[str, Any], out: Path) -> str:
    """How machine and versions differ, which is what other bytes come from."""
    now = json.loads((out / RUN).read_text())
    unlike = [
        f"{key} {run[part].get(key)} then, {now[part].get(key)} now"
        for part in ("versions", "machine")
        for key in {**run[part], **now[part]}
        if key != "cores" and run[part].get(key) != now[part].get(key)
    ]
    return f" ({'; '.join(unlike)})" if unlike else ", on the same machine and versions"
