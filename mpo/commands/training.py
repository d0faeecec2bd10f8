"""`train`: one run by hand or as a job of a study, from its checkpoint if it was interrupted."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from mpo.commands import InputError
from mpo.settings import Settings, SettingsError, overlaid, settings
from mpo.settings.plain import thawed
from mpo.study.entries import load_tasks, load_variants
from mpo.study.yaml_files import assigned, shown, suggestion

SINGLE_RUNS = Path("results/single")


@click.command()
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
    "--checkpoint-seconds",
    type=click.FloatRange(0.0),
    help="Between checkpoints, else 60, or a second for each MiB that they have.",
)
@click.option("--wait", is_flag=True, help="Where another process trains this run, wait for it.")
@click.option("--fresh", is_flag=True, help="From step 0, whatever there is of this run.")
@click.option(
    "--extendable",
    is_flag=True,
    envvar="MPO_EXTENDABLE",
    help="Keep the end, for a larger budget with as many steps between evaluations to go on from.",
)
@click.option(
    "--tensorboard",
    envvar="MPO_TENSORBOARD",
    type=click.Path(path_type=Path),
    help="Where TensorBoard's events go while it trains, in TASK/VARIANT/SEED.",
)
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
    checkpoint_seconds: float | None,
    wait: bool,
    fresh: bool,
    extendable: bool,
    tensorboard: Path | None,
    quiet: bool,
) -> None:
    """Train one run, from its checkpoint if it was interrupted.

    One that was finished before, under whatever name, is put in place instead.
    A run with other settings, where this one's files would go, is not replaced.
    """
    chosen = _run_settings(task, variant, given, steps, fields)
    from mpo.training import run
    from mpo.training.checkpoints import CheckpointError
    from mpo.training.job import Job
    from mpo.training.stopping import EXIT_STATUS, Interrupted

    folder = out or SINGLE_RUNS / task / variant / str(seed)
    how = state, checkpoint_seconds, extendable, tensorboard
    job = Job(task, variant, seed, study_seed, chosen, folder, *how)
    try:
        status = run.train(job, bar=not quiet, wait=wait, fresh=fresh)
    except Interrupted as interrupted:
        click.echo(f"mpo: {interrupted}", err=True)
        sys.exit(EXIT_STATUS)
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
        if external := variants[variant].external:
            files = ", ".join(shown(file) for file in external)
            raise InputError(
                f"--variant: {variant!r} is not allowed; it is not MPO's to train, but the rule "
                f"{variants[variant].rule}'s ({files}), in a study that names it"
            )
        entry = tasks[task]
        values = {**variants[variant].settings, **entry.settings, "steps": entry.steps}
    if steps is not None:
        values["steps"] = steps
    chosen = settings(overlaid(values, assigned(fields, Path("--set"))))
    if chosen.foreign:
        allowed = "MPO reads none of it; a rule of your own is handed it, in a study"
        raise SettingsError("foreign", thawed(chosen.foreign), allowed)
    return chosen
