"""`train`: one run or a cohort of them, by hand or as a job of a study, from its checkpoint if it
was interrupted.
"""

import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from mpo.commands import InputError
from mpo.settings import Settings, SettingsError, overlaid, settings
from mpo.settings.plain import thawed
from mpo.study.entries import load_tasks, load_variants
from mpo.study.yaml_files import assigned, shown, suggestion

if TYPE_CHECKING:
    from mpo.training.cohort.job import CohortJob

SINGLE_RUNS = Path("results/single")
LARGEST_SEED = 2**32 - 1
MOST_SEEDS = 10_000
"""Of a range of seeds: more runs than any cohort has."""


class Seeds(click.ParamType):
    """Seeds as 0-9 or 0,3,5-7: a sorted tuple."""

    name = "seeds"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """The seeds that `value` lists; a fault of the input where it lists none."""
        found: set[int] = set()
        for part in str(value).split(","):
            said = re.fullmatch(r"\s*(\d+)(?:\s*-\s*(\d+))?\s*", part)
            first, last = (int(said[1]), int(said[2] or said[1])) if said else (1, 0)
            if not first <= last <= LARGEST_SEED:
                self.fail(f"{value!r} is not allowed; seeds are listed as 0-9 or 0,3,5-7")
            if last - first >= MOST_SEEDS:
                self.fail(f"{value!r} is not allowed; a cohort has {MOST_SEEDS:,} runs at most")
            found |= set(range(first, last + 1))
        return tuple(sorted(found))


@click.command()
@click.option("--task", required=True, help="Alias from config/tasks.yaml.")
@click.option("--variant", default="stabilised", help="Name from config/variants.yaml.")
@click.option("--seed", type=click.IntRange(0, LARGEST_SEED), help="Seed of the run, else 0.")
@click.option(
    "--seeds",
    type=Seeds(),
    metavar="LIST",
    help="Instead, as 0-9: a run for each, all trained as one computation, a cohort.",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    help="With --seeds: processes that simulate, else one a core beside a GPU, and none.",
)
@click.option(
    "--study-seed", default=0, type=click.IntRange(0, 2**32 - 1), help="Seed of the study."
)
@click.option("--steps", type=click.IntRange(1), help="Budget in control steps, else the task's.")
@click.option(
    "--set",
    "fields",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Change a setting; may be given again.",
)
@click.option("--settings", "given", metavar="JSON", help="Every setting that is not a default.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Where the run's files go; with --seeds, folders named after them.",
)
@click.option(
    "--state",
    type=click.Path(path_type=Path),
    help="Where checkpoints go; with --seeds, folders named after digests.",
)
@click.option(
    "--checkpoint-seconds",
    type=click.FloatRange(0.0),
    help="Seconds between checkpoints, else 60, or one for each MiB that they have.",
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
    seed: int | None,
    seeds: tuple[int, ...] | None,
    workers: int | None,
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
    """Train one run, or with --seeds a cohort of runs, from its checkpoint if it was interrupted.

    One that was finished before, under whatever name, is put in place instead.
    A run with other settings, where this one's files would go, is not replaced.
    """
    if seeds is None and workers is not None:
        raise InputError(f"--workers: {workers} is not allowed without --seeds")
    if seeds is not None and seed is not None:
        raise InputError("--seed: it is one run's; leave it out where there are --seeds")
    if seeds is not None and extendable:
        source = click.get_current_context().get_parameter_source("extendable")
        if source is not ParameterSource.ENVIRONMENT:  # which may be meant for a study's other runs
            raise InputError("--extendable: cohorts are not; train the seeds one by one for that")
    chosen = _run_settings(task, variant, given, steps, fields)
    how = {"bar": not quiet, "wait": wait, "fresh": fresh}
    if seeds is None:
        from mpo.training import run
        from mpo.training.job import Job

        folder = out or SINGLE_RUNS / task / variant / str(seed or 0)
        where = state, checkpoint_seconds, extendable, tensorboard
        job = Job(task, variant, seed or 0, study_seed, chosen, folder, *where)
        said = _guarded(folder, lambda: {folder: run.train(job, **how)})
    else:
        from mpo.training.cohort import run as cohorts
        from mpo.training.cohort.job import CohortJob, MemberJob

        folder = out or SINGLE_RUNS / task / variant
        like = task, variant, seeds[0], study_seed, chosen, folder, None, checkpoint_seconds
        first = MemberJob(*like, tensorboard=tensorboard, states=state or Path("state"))
        cohort = CohortJob.of(
            first, seeds, folder, workers or workers_for(chosen.device, len(seeds))
        )
        said = _guarded(folder, lambda: _by_folder(cohort, cohorts.train(cohort, **how)))
    if not quiet:
        for place, status in said.items():
            click.echo(f"{status}: {place}")


def workers_for(device: str, runs: int) -> int:
    """Processes that simulate so many: on a processor the one that updates as well."""
    if device == "cpu":
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(runs, cores or 1)


def _by_folder(cohort: "CohortJob", statuses: dict[int, str]) -> dict[Path, str]:
    return {member.out: statuses[member.seed] for member in cohort.members}


def _guarded(folder: Path, train: Callable[[], dict[Path, str]]) -> dict[Path, str]:
    """What `train` gives; what it raises in the words of this program."""
    from mpo.training.checkpoints import CheckpointError
    from mpo.training.cohort.crew import WorkerFault
    from mpo.training.stopping import EXIT_STATUS, Interrupted

    try:
        return train()
    except Interrupted as interrupted:
        click.echo(f"mpo: {interrupted}", err=True)
        sys.exit(EXIT_STATUS)
    except (CheckpointError, WorkerFault, ValueError) as error:
        raise InputError(str(error)) from None
    except OSError as error:
        where, what = error.filename or folder, error.strerror or error
        raise InputError(
            f"{where}: {what}; once that is mended, the same command goes on from the last "
            "checkpoint"
        ) from None


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
    own = assigned(fields, Path("--set"))
    if steps is not None:
        if "steps" in own:
            raise InputError(f"--steps: {steps} is not allowed beside --set steps={own['steps']}")
        values["steps"] = steps
    chosen = settings(overlaid(values, own))
    if chosen.foreign:
        allowed = "MPO reads none of it; a rule of your own is handed it, in a study"
        raise SettingsError("foreign", thawed(chosen.foreign), allowed)
    return chosen
