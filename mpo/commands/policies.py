"""Commands that play a run's final policy: `evaluate` in numbers, `render` as a film."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import click

from mpo.commands import InputError
from mpo.commands.results import RESULTS
from mpo.settings import settings
from mpo.study.entries import load_tasks
from mpo.study.yaml_files import suggestion

UNIFORM_COLUMNS = ["task", "return_mean", "episodes"]


@click.command()
@click.argument("run_dir", required=False, type=click.Path(path_type=Path))
@click.option("--episodes", default=20, type=click.IntRange(1), help="Number of episodes.")
@click.option("--seed", default=0, type=click.IntRange(0, 2**32 - 1), help="Seed of the episodes.")
@click.option(
    "--policy", type=click.Choice(["run", "uniform"]), default="run", help="Whose episodes."
)
@click.option(
    "--task", "tasks", multiple=True, help="With --policy uniform: one of the tasks, else all."
)
@click.option(
    "--csv",
    "file",
    type=click.Path(path_type=Path),
    help="Also write a CSV; with --policy uniform, only the rows of these tasks are replaced.",
)
def evaluate(
    run_dir: Path | None, episodes: int, seed: int, policy: str, tasks: tuple[str, ...], file: Path
) -> None:
    """Play episodes with a run's final policy, or with uniformly random actions."""
    import pandas as pd

    from mpo.evaluation.reading.frames import write_csv
    from mpo.training import replaying
    from mpo.training.environment import Diverged

    before: dict[str, dict[Hashable, Any]] = {}
    if policy == "uniform" and run_dir is not None:
        raise InputError(f"RUN_DIR: {str(run_dir)!r} is not allowed with --policy uniform")
    if policy != "uniform" and tasks:
        raise InputError("--task: is allowed with --policy uniform alone; a run has its task")
    if policy == "uniform":
        known = load_tasks()
        for alias in tasks:
            if alias not in known:
                allowed = suggestion(alias, known, "task")
                raise InputError(f"--task: {alias!r} is not allowed; {allowed}")
        before = _rows(file) if file else {}
        chosen = [known[alias] for alias in tasks or known]
        played = {task.alias: settings(task.settings) for task in chosen}
        try:
            table = replaying.random_returns(played, episodes, seed)
        except (ValueError, Diverged) as error:
            raise InputError(str(error)) from None
    elif run_dir is None:
        raise InputError("evaluate: RUN_DIR is required")
    else:
        try:
            table = replaying.returns(run_dir, episodes, seed)
        except replaying.NotPlayable as error:
            raise InputError(f"{run_dir}: {error}") from None
        except ValueError as error:
            raise InputError(str(error)) from None
    click.echo(table.to_string(index=False))
    if file:
        for column in table.select_dtypes("float"):
            table[column] = table[column].map("{:.6g}".format)
        rows = before | {row[table.columns[0]]: row for row in table.to_dict("records")}
        write_csv(pd.DataFrame(list(rows.values())), file)


def _rows(file: Path) -> dict[str, dict[Hashable, Any]]:
    """The rows of a table of uniform policies by task, as text; none where there is no `file`."""
    from mpo.evaluation.reading.frames import read_text

    if not file.exists():
        return {}
    try:
        table = read_text(file)
    except ValueError:
        table = None
    if table is None or list(table.columns) != UNIFORM_COLUMNS:
        allowed = f"a file with the columns {', '.join(UNIFORM_COLUMNS)} is, or a new one"
        raise InputError(f"--csv: {str(file)!r} is not allowed; {allowed}")
    return {row["task"]: row for row in table.to_dict("records")}


@click.command()
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.argument("film", type=click.Path(path_type=Path))
@click.option("--seed", default=0, type=click.IntRange(0, 2**32 - 1), help="Seed of the episode.")
@click.option("--width", default=240, type=click.IntRange(16, 2000), help="Pixels.")
@click.option("--seconds", default=10.0, type=click.FloatRange(0.1, 120.0), help="Longest film.")
def render(run_dir: Path, film: Path, seed: int, width: int, seconds: float) -> None:
    """Film one episode of a run's final policy as a GIF."""
    if film.suffix.lower() != ".gif":
        allowed = "a film is a GIF, and its file's name ends in .gif"
        raise InputError(f"FILM: {str(film)!r} is not allowed; {allowed}")
    from mpo.training import films
    from mpo.training.replaying import NotPlayable

    try:
        shown = films.render(run_dir, film, seed, width, seconds)
    except NotPlayable as error:
        raise InputError(f"{run_dir}: {error}") from None
    except ValueError as error:
        raise InputError(str(error)) from None
    click.echo(f"{film}: {shown} frames")


@click.command()
@click.argument("source", metavar="RUN_DIR|STUDY", type=click.Path(path_type=Path))
@click.argument("out", required=False, type=click.Path(path_type=Path))
@click.option("--to", "form", help="Write a study's runs as another tool reads them.")
def export(source: Path, out: Path | None, form: str | None) -> None:
    """Write a run's final policy to the file OUT or, with --to, a study's runs to a folder.

    The policy is TorchScript, which PyTorch runs without this package: it takes flat observations
    [O] or [B, O] of float32 to mean actions in the environment's bounds. Of dm_control's tasks they
    have the parts in dm_control's order, which is not the one that Gymnasium flattens in: the extra
    file observation.json in it says names and sizes. --to is marl-eval,
    rliable, openrlbenchmark or tensorboard; OUT is results/STUDY/exports/FORMAT unless given.
    """
    if form is not None:
        _export_study(source, out, form)
        return
    if out is None:
        raise InputError("OUT: the file for the policy is required, or --to for a study")
    from mpo.training import policies

    try:
        policies.export(source, out)
    except ValueError as error:
        raise InputError(str(error)) from None
    click.echo(f"{out}: torch.jit.load")


def _export_study(source: Path, out: Path | None, form: str) -> None:
    from mpo.evaluation import StudyError, load
    from mpo.evaluation.exporting import FORMATS
    from mpo.evaluation.reading.manifest import ManifestError
    from mpo.evaluation.showing.wording import count

    if form not in FORMATS:
        raise InputError(f"--to: {form!r} is not allowed; {suggestion(form, FORMATS, 'format')}")
    study_dir = source if source.is_dir() else RESULTS / source
    folder = out or study_dir / "exports" / form
    try:
        study = load(study_dir)
        FORMATS[form](study, folder)
    except (StudyError, ManifestError, ValueError) as error:
        raise InputError(str(error)) from None
    click.echo(f"{folder}: {count(len(study.runs), 'run')}")
