"""`crate`: a study as a Workflow Run RO-Crate, for repositories that archive research objects.

Profiles, on RO-Crate 1.1: Workflow Run Crate 0.5, hence Process Run Crate 0.5 and Workflow
RO-Crate 1.0 (https://www.researchobject.org/workflow-run-crate). The crate holds the workflow with
its code and configuration, every file of the study with its SHA-256, and one action that made the
one of the other. Settings, digests, versions and machines are in the files (manifest.json,
run.json), and the action's description sums them up. When the action began and ended is left out:
no file of a run tells a time of day, and when a file was written is lost where it is copied.
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from mpo.commands import InputError
from mpo.project import PACKAGED, PROJECT
from mpo.rundir import RUN, checksum, trained_by
from mpo.settings import PACKAGE

PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
TERMS = "https://w3id.org/ro/terms/workflow-run/context"
LICENCE = "https://spdx.org/licenses/MIT"
CODE = ("workflow", "profiles")
"""Folders of the project that the workflow consists of, beside its Snakefile and the package."""
INPUTS = ("config", "requirements.lock")


@click.command()
@click.argument("study_dir", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
def crate(study_dir: Path, out: Path) -> None:
    """Pack the study in STUDY_DIR, with the workflow that made it, as an RO-Crate: OUT.zip."""
    from mpo.evaluation import StudyError, load
    from mpo.evaluation.reading.manifest import ManifestError

    if out.suffix != ".zip":
        raise InputError(f"OUT: {str(out)!r} is not allowed; a name that ends in .zip is")
    try:
        study = load(study_dir)
    except (StudyError, ManifestError) as error:
        raise InputError(str(error)) from None
    if not (study_dir / "report.md").is_file():
        raise InputError(f"{study_dir}/report.md is missing; finish the study first")
    found = _crate(study_dir, study.manifest.study)
    found.write_zip(out)
    click.echo(f"{out}: {len(found.data_entities)} files and folders of {study_dir}")


def _crate(study_dir: Path, name: str) -> Any:
    from rocrate.model import ContextEntity
    from rocrate.rocrate import ROCrate

    from mpo.evaluation.telling.unfinished import FOLDER

    made: Any = ROCrate(version="1.1")
    made.metadata.extra_contexts.append(TERMS)
    made.name = f"Study {name} of Maximum a Posteriori Policy Optimisation"
    made.description = (
        f"Runs, tables, figures and report of the study {name}, with the workflow that trained "
        "and evaluated them."
    )
    made.license = made.add(
        ContextEntity(made, LICENCE, properties={"@type": "CreativeWork", "name": "MIT licence"})
    )
    made.root_dataset["conformsTo"] = [
        made.add(ContextEntity(made, url, properties=_profile(*profile)))
        for url, profile in PROFILES.items()
    ]
    workflow: Any = made.add_workflow(
        PROJECT / "Snakefile", "Snakefile", main=True, lang="snakemake"
    )
    workflow["name"] = "MPO, from training to the report"
    workflow["license"] = {"@id": LICENCE}
    rules = [_add(made, file, PROJECT) for part in CODE for file in _files(PROJECT / part)]
    modules = (file for file in _files(PACKAGE) if not file.is_relative_to(PACKAGE / PACKAGED))
    workflow["hasPart"] = rules + [_add(made, file, PACKAGE.parent) for file in modules]
    inputs = [_add(made, file, PROJECT) for part in INPUTS for file in _files(PROJECT / part)]
    place = study_dir.absolute()
    above = place.parent.parent  # the root's parent is the root
    found = (file for file in _files(place) if FOLDER not in file.parts)
    results = [_add(made, file, above) for file in found]
    agent = made.add(
        ContextEntity(
            made, "#mpo", properties={"@type": "Organization", "name": "The users of this workflow"}
        )
    )
    action: Any = made.add(
        ContextEntity(
            made,
            "#run",
            properties={
                "@type": "CreateAction",
                "name": f"The study {name}",
                "description": _description(study_dir),
                "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"},
            },
        )
    )
    action["instrument"], action["agent"] = workflow, agent
    action["object"], action["result"] = inputs, results
    made.root_dataset["mentions"] = action
    return made


def _profile(name: str, version: str) -> dict[str, str]:
    return {"@type": "CreativeWork", "name": name, "version": version}


def _files(place: Path) -> Iterator[Path]:
    """What belongs into the crate of a file or folder."""
    if place.is_file():
        yield place
    for file in sorted(place.rglob("*")) if place.is_dir() else ():
        inside = file.relative_to(place).parts
        hidden = any(part.startswith((".", "__pycache__")) for part in inside)
        if file.is_file() and not hidden:
            yield file


def _add(made: Any, file: Path, root: Path) -> Any:
    content = file.read_bytes()
    kind = mimetypes.guess_type(file.name)[0] or "text/plain"
    properties = {
        "name": file.name,
        "encodingFormat": kind,
        "contentSize": str(len(content)),
        "sha256": checksum(content),
    }
    return made.add_file(file, file.relative_to(root).as_posix(), properties=properties)


def _description(study_dir: Path) -> str:
    """Machines and versions that the runs name, and the code that they were trained by."""
    runs = [json.loads(path.read_text()) for path in sorted(study_dir.glob(f"runs/*/*/*/{RUN}"))]
    machines = sorted({str(run.get("machine", {}).get("cpu")) for run in runs})
    versions = sorted({json.dumps(run.get("versions", {}), sort_keys=True) for run in runs})
    codes = sorted({trained_by(run) for run in runs})
    return (
        f"{len(runs)} runs, whose settings, digests, seeds, versions and machines are in their "
        f"run.json. Processors: {', '.join(machines)}. Versions: {'; '.join(versions)}. "
        f"Code: {', '.join(codes)}."
    )
