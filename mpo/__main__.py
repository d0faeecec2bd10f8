"""The command line: `python -m mpo COMMAND`. Every fault in the input is one line and exit 2."""

import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from mpo.commands import InputError, crate, results, verification
from mpo.entries import load_tasks, load_variants
from mpo.settings import Settings, SettingsError, settings
from mpo.yaml_files import ConfigError, parse, suggestion

CONTEXT = {"help_option_names": ["-h", "--help"], "show_default": True, "max_content_width": 100}
SINGLE_RUNS = Path("results/single")


@click.group(context_settings=CONTEXT)
def cli() -> None:
    """Train, look at and compare runs of Maximum a Posteriori Policy Optimisation."""
    logging.basicConfig(format="mpo: %(message)s", level=logging.WARNING, stream=sys.stderr)


def _run_settings(
    task: str, variant: str, given: str | None, steps: int | None, fields: Sequence[str]
) -> Settings:
    """The settings that the options of `train` amount to."""
    if given is not None:
        try:
            values = json.loads(given)
        except ValueError as error:
            raise InputError(f"--settings: not JSON: {error}") from None
        if not isinstance(values, dict):
            raise InputError(f"--settings: {values!r} is not allowed; a JSON object is")
    else:
        tasks, variants = load_tasks(), load_variants()
        if task not in tasks:
            raise InputError(f"--task: {task!r} is not allowed; {suggestion(task, tasks, 'task')}")
        if variant not in variants:
            allowed = suggestion(variant, variants, "variant")
            raise InputError(f"--variant: {variant!r} is not allowed; {allowed}")
        entry = tasks[task]
        own = {name: origin.value for name, origin in entry.fields.items()}
        values = {**variants[variant].settings, **own, "steps": entry.steps}
    if steps is not None:
        values["steps"] = steps
    for assignment in fields:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise InputError(f"--set: {assignment!r} is not allowed; FIELD=VALUE is")
        values[name] = parse(text, Path("--set"))
    return settings(values)


@cli.command()
@click.option("--task", required=True, help="Alias from config/tasks.yaml.")
@click.option("--variant", default="stabilised", help="Name from config/variants.yaml.")
@click.option("--seed", default=0, type=click.IntRange(0, 2**32 - 1), help="Seed of the run.")
@click.option(
    "--study-seed", default=0, type=click.IntRange(0, 2**32 - 1), help="Seed of the study."
)
@click.option("--steps", type=click.IntRange(1), help="Budget in control steps, else the task's.")
@click.option("--set", "fields", multiple=True, metavar="FIELD=VALUE", help="Change one setting.")
@click.option("--settings", "given", metavar="JSON", help="Every setting that is not a default.")
@click.option("--out", type=click.Path(path_type=Path), help="Where the run's files go.")
@click.option("--state", type=click.Path(path_type=Path), help="Where checkpoints go.")
@click.option(
    "--checkpoint-seconds", default=60.0, type=click.FloatRange(0.0), help="Between checkpoints."
)
@click.option("--wait", is_flag=True, help="Where another process trains this run, wait for it.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
def train(
    task: str,
    variant: str,
    seed: int,
    study_seed: int,
    steps: int | None,
    fields: tuple[str, ...],
    given: str | None,
    out: Path | None,
    state: Path | None,
    checkpoint_seconds: float,
    wait: bool,
    quiet: bool,
) -> None:
    """Train one run, from its checkpoint if it was interrupted."""
    chosen = _run_settings(task, variant, given, steps, fields)
    from mpo import run
    from mpo.checkpoint import CheckpointError

    folder = out or SINGLE_RUNS / task / variant / str(seed)
    job = run.Job(task, variant, seed, study_seed, chosen, folder, state, checkpoint_seconds)
    try:
        status = run.train(job, bar=not quiet, wait=wait)
    except run.Interrupted as interrupted:
        click.echo(f"mpo: {interrupted}", err=True)
        sys.exit(run.INTERRUPTED)
    except (CheckpointError, ValueError) as error:
        raise InputError(str(error)) from None
    except OSError as error:
        where, what = error.filename or folder, error.strerror or error
        raise InputError(
            f"{where}: {what}; once that is mended, the same command goes on from the last "
            "checkpoint"
        ) from None
    if not quiet:
        click.echo(f"{status}: {folder}")


@cli.command()
@click.argument("run_dir", required=False, type=click.Path(path_type=Path))
@click.option("--episodes", default=20, type=click.IntRange(1), help="Number of episodes.")
@click.option("--seed", default=0, type=click.IntRange(0, 2**32 - 1), help="Seed of the episodes.")
@click.option("--policy", type=click.Choice(["run", "uniform"]), default="run")
@click.option("--task", "tasks", multiple=True, help="With --policy uniform: tasks, else all.")
@click.option("--csv", "file", type=click.Path(path_type=Path), help="Also write a CSV.")
def evaluate(
    run_dir: Path | None, episodes: int, seed: int, policy: str, tasks: tuple[str, ...], file: Path
) -> None:
    """Play episodes with a run's final policy, or with uniformly random actions."""
    from mpo import replaying

    if policy == "uniform":
        known = load_tasks()
        for alias in tasks:
            if alias not in known:
                allowed = suggestion(alias, known, "task")
                raise InputError(f"--task: {alias!r} is not allowed; {allowed}")
        chosen = {alias: known[alias] for alias in tasks or known}
        table = replaying.random_returns(chosen, episodes, seed)
    elif run_dir is None:
        raise InputError("evaluate: RUN_DIR is required")
    else:
        try:
            table = replaying.returns(run_dir, episodes, seed)
        except ValueError as error:
            raise InputError(str(error)) from None
    click.echo(table.to_string(index=False))
    if file:
        table.to_csv(file, index=False, float_format="%.6g", lineterminator="\n")


@cli.command()
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.argument("film", type=click.Path(path_type=Path))
@click.option("--seed", default=0, type=click.IntRange(0, 2**32 - 1), help="Seed of the episode.")
@click.option("--width", default=240, type=click.IntRange(16, 2000), help="Pixels.")
@click.option("--seconds", default=10.0, type=click.FloatRange(0.1, 120.0), help="At most.")
def render(run_dir: Path, film: Path, seed: int, width: int, seconds: float) -> None:
    """Film one episode of a run's final policy as a GIF."""
    from mpo import films

    try:
        shown = films.render(run_dir, film, seed, width, seconds)
    except ValueError as error:
        raise InputError(str(error)) from None
    click.echo(f"{film}: {shown} frames")


@cli.command()
def variants() -> None:
    """List the variants: base, what each changes, and who says so."""
    from mpo.listing import variants_table

    click.echo(variants_table())


@cli.command()
@click.option("--study", "file", default="config/study.yaml", type=click.Path(path_type=Path))
def status(file: Path) -> None:
    """List the runs of a study: done, running with time left, diverged, waiting."""
    from mpo.config import load_study
    from mpo.status import status_table

    click.echo(status_table(load_study(file)))


@cli.command()
@click.option("--variants", "names", multiple=True, help="Which, else four of them.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Also write the numbers.")
@click.option(
    "--scaling", type=click.Path(path_type=Path), help="Instead, sweep sizes: FILE.csv, .png, .svg."
)
@click.option("--quick", is_flag=True, help="Few repetitions, nothing compiled: does it work?")
def benchmark(names: tuple[str, ...], file: Path | None, scaling: Path | None, quick: bool) -> None:
    """Time updates beside their floor, acting, environments and whole steps, on one thread."""
    from mpo.benchmark import report

    known = load_variants()
    for name in names:
        if name not in known:
            allowed = suggestion(name, known, "variant")
            raise InputError(f"--variants: {name!r} is not allowed; {allowed}")
    if scaling:
        _sweep(names or report.SCALED, scaling)
        return
    found: dict[str, dict[str, float]] = {}
    for name in names or report.VARIANTS:
        found[name] = {}
        for part, values in report.measured(name, **(report.QUICK if quick else {})):
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


cli.add_command(results.compare)
cli.add_command(results.power)
cli.add_command(verification.verify)
cli.add_command(crate.crate)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status (0 done, 2 a fault in the input)."""
    try:
        cli.main(args=list(arguments) if arguments is not None else None, standalone_mode=False)
    except (ConfigError, SettingsError) as error:
        InputError(str(error)).show()
        return InputError.exit_code
    except OSError as error:
        InputError(f"{error.filename or ''}: {error.strerror or error}").show()
        return InputError.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return InputError.exit_code
    except click.UsageError as error:
        InputError(error.format_message()).show()
        return InputError.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return 130
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
