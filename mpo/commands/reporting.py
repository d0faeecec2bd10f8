"""`report`: what there is of a study so far, drawn while the rest is being trained."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import redirect_stderr
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mpo.commands import STUDY_FILE, InputError

if TYPE_CHECKING:
    from mpo.evaluation import Study


@click.command()
@STUDY_FILE
def report(file: Path) -> None:
    """Draw what there is of a study so far; nothing of the finished study is touched.

    Only runs that are whole count, and the report says how many are missing. It goes to
    results/STUDY/so-far/, also while the study is trained.
    """
    from mpo.evaluation.reading.load import load_so_far
    from mpo.evaluation.reading.manifest import manifest_of
    from mpo.evaluation.telling import unfinished
    from mpo.rundir import RUN, write_atomically
    from mpo.settings.equality import MANIFEST, equalities
    from mpo.study.config import load_study
    from mpo.study.study import manifest_bytes

    study = load_study(file)
    folder, values = Path(study.folder), study.manifest()
    shown = equalities(folder / MANIFEST)
    planned = manifest_of(values, shown)
    found, faults = load_so_far(folder, planned)
    if found is None:
        raise InputError(
            f"{folder}: none of {len(planned.runs)} runs is finished yet; `python -m mpo status "
            f"--study {file}` says how far they are"
        )
    out = folder / unfinished.FOLDER
    write_atomically(out / MANIFEST, manifest_bytes(_only(values, found), shown))
    wrong = [fault for fault in faults if (folder / fault.where / RUN).is_file()]
    when = time.strftime("%Y-%m-%d %H:%M %Z")
    with (out / "report.log").open("w", encoding="utf-8") as log, redirect_stderr(log):
        head = unfinished.head(planned, found, wrong, when)
        places = unfinished.PLACES | (unfinished.COMPUTED if study.theory else {})
        _draw(found, out, head, places)
    click.echo(f"{out}/report.html: {len(found.manifest.runs)} of {len(planned.runs)} runs")


def _only(values: dict[str, Any], found: Study) -> dict[str, Any]:
    """The content of the manifest of the runs that there are."""
    chosen = found.manifest
    paths = {run.path for run in chosen.runs}
    return {
        **values,
        "tasks": {name: values["tasks"][name] for name in chosen.tasks},
        "variants": {name: values["variants"][name] for name in chosen.variants},
        "seeds": chosen.seeds,
        "runs": [run for run in values["runs"] if run["path"] in paths],
    }


def _draw(found: Study, out: Path, head: str, places: Mapping[str, str]) -> None:
    """Frames, figures, tables and report of the runs that there are, as the workflow makes them.

    `places` are files that the finished study has, and what is said in their place.
    """
    from mpo.evaluation import read_frames, stages
    from mpo.evaluation.reading.frames import write_text
    from mpo.evaluation.showing import figures
    from mpo.evaluation.telling.page import report_html
    from mpo.evaluation.telling.report import report
    from mpo.study.published import load_published

    stages.write_runs(found, load_published(), out)
    stages.write_estimates(out)
    frames = read_frames(out)
    for name in figures.names():
        figures.make(name, frames, out)
    stages.write_tables(out)
    for file, text in places.items():
        write_text(f"{text}\n", out / file)
    text = report(out, unfinished=head)
    write_text(text, out / "report.md")
    write_text(report_html(text, out), out / "report.html")
