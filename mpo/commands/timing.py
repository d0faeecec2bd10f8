"""`benchmark`: what the learner costs beside its floor, and how that grows."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from mpo.commands import InputError
from mpo.entries import load_variants
from mpo.yaml_files import suggestion


@click.command()
@click.option("--variants", "names", multiple=True, help="Which, else four of them.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Also write the numbers.")
@click.option(
    "--scaling", type=click.Path(path_type=Path), help="Instead, sweep sizes: FILE.csv, .png, .svg."
)
@click.option(
    "--optimisations",
    type=click.Path(path_type=Path),
    help="Instead, undo one optimisation after another: FILE.csv.",
)
@click.option("--device", default="cpu", help="Where the learner is: cpu or cuda.")
@click.option("--quick", is_flag=True, help="Few repetitions, nothing compiled: does it work?")
def benchmark(
    names: tuple[str, ...],
    file: Path | None,
    scaling: Path | None,
    optimisations: Path | None,
    device: str,
    quick: bool,
) -> None:
    """Time updates beside their floor, acting, environments and whole steps, on one thread."""
    from mpo.benchmark import report
    from mpo.run import require_device
    from mpo.settings import settings

    known = load_variants()
    for name in names:
        if name not in known:
            allowed = suggestion(name, known, "variant")
            raise InputError(f"--variants: {name!r} is not allowed; {allowed}")
    require_device(settings({"device": device}).device)
    if device != "cpu" and (scaling or optimisations):
        raise InputError(f"--device: {device!r} is not allowed; sweeps are measured on cpu alone")
    if scaling:
        _sweep(names or report.SCALED, scaling)
        return
    if optimisations:
        _undo(names or report.SCALED, optimisations, quick)
        return
    found: dict[str, dict[str, float]] = {}
    size: dict[str, Any] = {"device": device, **(report.QUICK if quick else {})}
    for name in names or report.VARIANTS:
        found[name] = {}
        for part, values in report.measured(name, **size):
            click.echo(f"{name}: {part}", err=True)
            found[name] |= values
    click.echo(report.table(found))
    if file:
        file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _sweep(names: Sequence[str], stem: Path) -> None:
    import pandas as pd

    from mpo.benchmark import report, scaling

    rows = []
    for name in names:
        for row in scaling.swept(name, report.UPDATES):
            click.echo("{variant}: {varied} = {value}: {update_ms:.2f} ms".format(**row), err=True)
            rows.append(row)
    scaling.write(pd.DataFrame(rows), stem)


def _undo(names: Sequence[str], file: Path, quick: bool) -> None:
    import pandas as pd

    from mpo.benchmark import optimisations, report

    size = (1, False) if quick else (report.UPDATES, True)
    rows = pd.DataFrame(row for name in names for row in optimisations.measured(name, *size))
    click.echo(optimisations.table(rows).to_string(index=False))
    rows.to_csv(file, index=False, float_format="%.4g", lineterminator="\n")
