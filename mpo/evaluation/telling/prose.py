"""Prose about a study whose numbers are looked up, not typed: a Jinja template made into a page.

A template calls the methods of `Facts` between double braces, as `{{ returns("hopper-stand",
"paper") }}`, and of another study as `{{ study("tricks").returns("hopper-stand", "td0") }}`.
A name that the study does not have is an error that says which it has.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import jinja2
import pandas as pd

from mpo.evaluation.estimating.costs import core_hours, relative
from mpo.evaluation.reading.frames import Frames, read_frames
from mpo.evaluation.reading.inventory import processor
from mpo.evaluation.reading.manifest import ALL
from mpo.evaluation.showing.claims import files as claims
from mpo.evaluation.showing.claims.shown import effect, needed
from mpo.evaluation.showing.exhibits import ReportError, figure, required, table
from mpo.evaluation.showing.tables import falls
from mpo.evaluation.showing.tables.cells import integer, interval, number
from mpo.evaluation.showing.wording import count, listed
from mpo.evaluation.telling import variants
from mpo.settings.equality import MANIFEST


def render(template: Path, study_dir: Path) -> str:
    """`template` with the facts of the study in `study_dir`.

    Raises `ReportError` for a template that asks for what there is not.
    """
    facts = Facts(study_dir)
    names = {name: getattr(facts, name) for name in dir(Facts) if not name.startswith("_")}
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False
    )
    try:
        return environment.from_string(template.read_text(encoding="utf-8")).render(**names)
    except (jinja2.TemplateError, KeyError, TypeError) as error:
        line = f":{error.lineno}" if isinstance(error, jinja2.TemplateSyntaxError) else ""
        raise ReportError(f"{template}{line}: {error}") from None


class Facts:
    """What can be said of a study, as text with its interval or its single runs."""

    def __init__(self, study_dir: Path) -> None:
        """Read the frames of the study in `study_dir`."""
        self._folder = study_dir
        self._frames: Frames = read_frames(study_dir)
        self._others: dict[str, Facts] = {}

    def study(self, name: str) -> Facts:
        """What can be said of the study `name`, which lies beside this one."""
        if name not in self._others:
            folder = self._folder.parent / name
            required(folder / MANIFEST, f"make figures STUDY={name}")
            self._others[name] = Facts(folder)
        return self._others[name]

    # --- what was run -----------------------------------------------------------------------
    def runs(self, **status: str) -> str:
        """How many runs there are; `runs(status="diverged")` counts those."""
        rows = self._frames.runs
        return integer(int((rows["status"] == status["status"]).sum()) if status else len(rows))

    def core_hours(self) -> str:
        """Processor time of all runs."""
        return number(core_hours(self._frames.runs))

    def machines(self) -> str:
        """Kinds of processor, with how many runs each trained."""
        names = (
            self._frames.runs["machine"].map(processor).replace("", "processors that are not said")
        )
        return listed(f"{name}: {count(n, 'run')}" for name, n in names.value_counts().items())

    def updates(self, task: str) -> str:
        """Updates of a run on `task`."""
        return integer(float(self._of(self._frames.runs, task, None)["updates"].max()))

    def changes(self) -> str:
        """What each variant changes, in words."""
        return variants.changes(self._frames.manifest).strip()

    # --- returns ----------------------------------------------------------------------------
    def returns(self, task: str, variant: str) -> str:
        """The return of each run over its last evaluations, in the order of the seeds."""
        return listed(
            integer(x) for x in self._of(self._frames.scores, task, variant)["return_mean"]
        )

    def reached(self, task: str, variant: str) -> str:
        """Control steps until each run reached its task's threshold, in the order of the seeds."""
        rows = self._of(self._falls, task, variant)
        return listed("never" if pd.isna(x) else integer(x) for x in rows["steps"])

    def core_seconds(self, task: str, variant: str) -> str:
        """Core-seconds until each run reached its task's threshold, in the order of the seeds."""
        rows = self._of(self._falls, task, variant)
        return listed("never" if pd.isna(x) else integer(x) for x in rows["core_s"])

    def falls(self, task: str, variant: str) -> str:
        """Evaluations after the threshold that fell, of how many, over all runs."""
        rows = self._of(self._falls, task, variant)
        return f"{integer(rows['falls'].sum())} of {integer(rows['after'].sum())}"

    def area(self, task: str, variant: str) -> str:
        """The area under each run's curve of scores, in the order of the seeds."""
        return listed(number(x) for x in self._of(self._falls, task, variant)["area"])

    def iqm(self, task: str, variant: str) -> str:
        """Interquartile mean of the return with its interval."""
        return self._estimate(self._frames.by_task, "return_iqm", task, variant, integer)

    def aggregate(self, variant: str, metric: str = "score_iqm") -> str:
        """An aggregate over all tasks with its interval."""
        return self._estimate(self._frames.aggregate, metric, ALL, variant, number)

    def improvement(self, variant: str, task: str = ALL) -> str:
        """Probability that a run of `variant` ends above one of its base, with its interval."""
        name = "probability_of_improvement"
        return self._estimate(self._frames.improvement, name, task, variant, number)

    # --- inside the algorithm ---------------------------------------------------------------
    def late(self, column: str, task: str, variant: str, digits: int = 2) -> str:
        """The median over runs of the mean of `column` in the second half of training."""
        rows = self._half(self._frames.diagnostics, task, variant)
        return number(float(rows.groupby("seed")[column].mean().median()), digits)

    def lowest(self, column: str, task: str, variant: str, digits: int = 2) -> str:
        """The least value of `column` in each run's second half, in the order of the seeds."""
        rows = self._half(self._frames.diagnostics, task, variant)
        return listed(number(float(x), digits) for x in rows.groupby("seed")[column].min())

    def highest(self, column: str, task: str, variant: str, digits: int = 2) -> str:
        """The greatest value of `column` in each run's second half, in the order of the seeds."""
        rows = self._half(self._frames.diagnostics, task, variant)
        return listed(number(float(x), digits) for x in rows.groupby("seed")[column].max())

    def total(self, column: str, task: str, variant: str) -> str:
        """The sum of the count `column`, the mean over runs."""
        rows = self._of(self._frames.diagnostics, task, variant)
        return integer(float(rows.groupby("seed")[column].sum().mean()))

    def uniform(self, task: str) -> str:
        """Return of the uniform policy."""
        self._of(self._frames.scores, task, None)
        found = self._frames.manifest.tasks[task].random_return
        if found is None:
            raise KeyError(f"the uniform policy's return on {task} is not known")
        return integer(found)

    def bias(self, task: str, variant: str) -> str:
        """Value bias in the second half, its mean a run, in the order of the seeds."""
        rows = self._half(self._frames.curves, task, variant)
        return listed(number(float(x), 2) for x in rows.groupby("seed")["value_bias"].mean())

    def cost(self, variant: str, base: str) -> str:
        """Milliseconds an update over those of `base`: the median of the tasks' ratios."""
        self._known(variant, base)
        return number(float(relative(self._frames.runs, variant, base).median()))

    # --- claims, figures and tables -----------------------------------------------------------
    def verdict(self, claim: str) -> str:
        """The verdict of a claim, its effect with interval and its adjusted p."""
        row = self._claim(claim)
        text = str(row["verdict"]).replace("_", " ")
        if pd.isna(row["effect"]):
            return text
        return f"{text}: {effect(row)}, p = {number(row['p_adjusted'], 2)}"

    def seeds(self, claim: str) -> str:
        """How many seeds would probably decide a claim, with the range that the spread leaves."""
        return needed(self._claim(claim))

    def claims(self) -> str:
        """The verdicts in short, as the README has them."""
        return claims.in_short(self._folder).strip()

    def figure(self, name: str, folder: str) -> str:
        """A figure with its caption, linked in `folder`."""
        return figure(name, self._frames, self._folder, folder)

    def table(self, name: str) -> str:
        """A table with its caption."""
        return table(name, self._frames, self._folder)

    # --- looking up ---------------------------------------------------------------------------
    @cached_property
    def _falls(self) -> pd.DataFrame:
        return falls.table(self._frames)

    @cached_property
    def _claims(self) -> dict[str, dict]:
        rows = claims.judged(self._folder)
        return {} if rows is None else {str(row["claim"]): row for row in rows.to_dict("records")}

    def _claim(self, name: str) -> dict:
        if name not in self._claims:
            raise KeyError(f"no claim {name!r}; claims are {', '.join(self._claims) or 'none'}")
        return self._claims[name]

    def _known(self, *variants: str) -> None:
        for name in variants:
            if name not in self._frames.manifest.variants:
                known = ", ".join(self._frames.manifest.variants)
                raise KeyError(f"no variant {name!r}; variants are {known}")

    def _of(self, rows: pd.DataFrame, task: str, variant: str | None) -> pd.DataFrame:
        if task != ALL and task not in self._frames.manifest.tasks:
            known = ", ".join(self._frames.manifest.tasks)
            raise KeyError(f"no task {task!r}; tasks are {known}")
        mine = rows[rows["task"] == task]
        if variant is None:
            return mine
        self._known(variant)
        order = {seed: place for place, seed in enumerate(self._frames.manifest.seeds)}
        mine = mine[mine["variant"] == variant]
        return mine.sort_values("seed", kind="stable", key=lambda seeds: seeds.map(order))

    def _half(self, rows: pd.DataFrame, task: str, variant: str) -> pd.DataFrame:
        mine = self._of(rows, task, variant)
        return mine[mine["step"] > self._frames.manifest.tasks[task].steps / 2]

    def _estimate(self, rows: pd.DataFrame, metric: str, task: str, variant: str, shown) -> str:
        mine = rows if "seed" in rows else rows.assign(seed=0)
        found = self._of(mine, task, variant)
        if metric not in set(found["metric"]):
            known = ", ".join(sorted(set(rows["metric"]))) or "none"
            raise KeyError(f"no {metric} of {variant} on {task}; there are {known}")
        tasks = len(self._frames.manifest.tasks) if task == ALL else 1
        return interval(found, metric, tasks, shown)
