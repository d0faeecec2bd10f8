"""`benchmark`: what the learner costs beside its floor, and how that grows."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mpo.commands import InputError
from mpo.study.entries import load_variants
from mpo.study.yaml_files import suggestion

if TYPE_CHECKING:
    from mpo.study.resources import Size
    from mpo.study.study import Study


@click.command()
@click.option(
    "--variants", "names", multiple=True, help="One to measure; may be given again. Else four."
)
@click.option("--json", "file", type=click.Path(path_type=Path), help="Also write the numbers.")
@click.option(
    "--scaling", type=click.Path(path_type=Path), help="Instead, sweep sizes: FILE.csv, .png, .svg."
)
@click.option(
    "--optimisations",
    type=click.Path(path_type=Path),
    help="Instead, undo one optimisation after another: FILE.csv.",
)
@click.option(
    "--study",
    "study_file",
    type=click.Path(path_type=Path),
    help="Measure the variants and tasks of config/NAME.yaml, tell what the study costs here, and "
    "write results/NAME/rates.json, by which its runs ask a cluster for time and memory.",
)
@click.option(
    "--cohort",
    "counts",
    metavar="LIST",
    help="Instead, cohorts of so many runs, as 1,5,10: updates alone and end to end.",
)
@click.option("--device", default="cpu", help="Where the learner is: cpu or cuda.")
@click.option("--quick", is_flag=True, help="Few repetitions, nothing compiled: does it work?")
def benchmark(
    names: tuple[str, ...],
    file: Path | None,
    scaling: Path | None,
    optimisations: Path | None,
    study_file: Path | None,
    counts: str | None,
    device: str,
    quick: bool,
) -> None:
    """Time updates beside their floor, acting, environments and whole steps, on one thread."""
    from mpo.benchmark import report
    from mpo.settings import settings
    from mpo.training.run import require_device

    if study_file and (names or scaling or optimisations):
        raise InputError("--study: it measures its own variants; leave out what else to measure")
    known = load_variants()
    for name in names:
        if name not in known:
            allowed = suggestion(name, known, "variant")
            raise InputError(f"--variants: {name!r} is not allowed; {allowed}")
    require_device(settings({"device": device}))
    if device != "cpu" and (scaling or optimisations):
        raise InputError(f"--device: {device!r} is not allowed; sweeps are measured on cpu alone")
    if counts is not None:
        if study_file or scaling or optimisations:
            raise InputError("--cohort: it measures cohorts alone; leave out what else to measure")
        _cohorts(names, counts, device, quick, file)
        return
    if scaling:
        _sweep(names or report.SCALED, scaling)
        return
    if optimisations:
        _undo(names or report.SCALED, optimisations, quick)
        return
    size: dict[str, Any] = {"device": device, **(report.QUICK if quick else {})}
    study, sizes = None, {}
    if study_file:
        from mpo.study.config import load_study

        study = load_study(study_file)
        sizes = _sizes(study, size)
        found = _extrapolated(study, sizes, size)
    else:
        found = _measured({name: known[name].settings for name in names or report.VARIANTS}, size)
    click.echo(report.table(found))
    if study:
        hours = sum(values[report.OF_A_STUDY] for values in found.values())
        click.echo(f"{study_file}: {hours:.3g} core-hours")
    made_with = report.made_with(device, size.get("compile_", True))
    if study and not quick:
        _rates(study, found, sizes, made_with)
    if file:
        content = {name: {**values, "made_with": made_with} for name, values in found.items()}
        file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _cohorts(
    names: Sequence[str], counts: str, device: str, quick: bool, file: Path | None
) -> None:
    """Cohorts of so many runs beside their floors."""
    import pandas as pd

    from mpo.benchmark import cohorts, report
    from mpo.commands.training import workers_for

    if not re.fullmatch(r"[1-9]\d*(,[1-9]\d*)*", counts):
        raise InputError(f"--cohort: {counts!r} is not allowed; numbers of runs are, as 1,5,10")
    sizes = [int(count) for count in counts.split(",")]
    how: dict[str, Any] = cohorts.QUICK if quick else {}
    found: list[dict[str, Any]] = []
    for name in names or cohorts.VARIANTS:
        for row in cohorts.measured(
            name, sizes, lambda runs: workers_for(device, runs), device, **how
        ):
            click.echo("{variant}: {runs} runs: {round_us:.4g} µs".format(**row), err=True)
            found.append(row)
    click.echo(cohorts.table(pd.DataFrame(found)))
    if file:
        made_with = report.made_with(device, how.get("compile_", True))
        content = json.dumps({"cohorts": found, "made_with": made_with}, indent=1)
        file.write_text(content + "\n", encoding="utf-8")


def _measured(
    variants: Mapping[str, Mapping[str, Any]], size: Mapping[str, Any]
) -> dict[str, dict[str, float]]:
    """Of each variant, by the fields that it sets."""
    from mpo.benchmark import report

    found: dict[str, dict[str, float]] = {}
    for name, own in variants.items():
        found[name] = {}
        for part, values in report.measured(own, **size):
            click.echo(f"{name}: {part}", err=True)
            found[name] |= values
    return found


def _extrapolated(
    study: "Study", sizes: Mapping[str, "Size"], size: Mapping[str, Any]
) -> dict[str, dict[str, float]]:
    """What was measured of the variants of a study, and what its runs of each take."""
    from mpo.benchmark import extrapolation, report

    found = _measured(extrapolation.trained_variants(study), size)
    for name, hours in extrapolation.core_hours(study, found, sizes).items():
        found[name][report.OF_A_STUDY] = hours
    return found


def _sizes(study: "Study", size: Mapping[str, Any]) -> dict[str, "Size"]:
    """Of each task of a study, which is stepped for it."""
    from mpo.benchmark.report import CALLS
    from mpo.benchmark.steps import task_size

    some = next(iter(study.variants))
    calls = size.get("calls", CALLS)
    return {task: task_size(study.settings[task, some], calls) for task in study.tasks}


def _rates(
    study: "Study",
    found: Mapping[str, Mapping[str, float]],
    sizes: Mapping[str, "Size"],
    made_with: Mapping[str, Any],
) -> None:
    """Write what the runs of a study ask a cluster by."""
    from mpo.study.resources import Rates, write_rates

    rates = Rates(
        update_ms={name: values["update_ms"] for name, values in found.items()},
        start_s={name: values["startup_cold_s"] for name, values in found.items()},
        act_us={name: values["act_us"] for name, values in found.items()},
        sizes=sizes,
    )
    click.echo(f"{write_rates(Path(study.folder), rates, made_with)}: by which runs ask a cluster")


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
