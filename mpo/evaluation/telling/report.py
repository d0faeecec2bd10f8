"""`report.md`: what was asked and found, what was run, and everything needed to judge it.

Nothing is typed by hand: every number comes from a frame or from a table's file, and the
sentences are put together here. Figures and tables are those that lie in the study's folder. What
is missing there, or cannot be told, has a sentence in its place; the report itself always comes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import pandas as pd

from mpo.evaluation.estimating.estimates import shared_tasks
from mpo.evaluation.reading.frames import Frames, read_frames
from mpo.evaluation.reading.manifest import Task
from mpo.evaluation.showing import failures, repeated, tables
from mpo.evaluation.showing.captions import (
    said_all,
    said_coverage,
    said_diverged,
    said_score,
)
from mpo.evaluation.showing.claims import files as claims
from mpo.evaluation.showing.claims.shown import not_run
from mpo.evaluation.showing.counted import iterations
from mpo.evaluation.showing.exhibits import ReportError, figure, table
from mpo.evaluation.showing.failures import Absent, Exhibit
from mpo.evaluation.showing.figures.sweeps import said_tuning
from mpo.evaluation.showing.tables.cells import interval, number
from mpo.evaluation.showing.wording import count
from mpo.evaluation.telling import answer, equal_codes, origins, variants
from mpo.evaluation.telling.page import EVERY_RUN, INSIDE, NOT_RUN

RULE = "report_markdown"
"""Of the workflow, which makes the report."""


def report(
    study_dir: str | Path,
    changed: Sequence[str] = (),
    unfinished: str = "",
    left_out: Collection[str] = (),
) -> str:
    """The report of the study in `study_dir`, as Markdown with links relative to that folder.

    `changed` names the variants whose code or settings are other ones now than in these runs;
    `unfinished` stands above everything and says what is missing; `left_out`, of "reproduced" and
    "theory", are what the study asks for no more, whatever lies there. Raises what `read_frames`
    does.
    """
    study_dir = Path(study_dir)
    frames = read_frames(study_dir)

    def text(name: str, tell: Callable[[], list[str]]) -> list[str]:
        return _told(Exhibit("text", name, RULE), study_dir, tell)

    def given(name: str, file: str) -> list[str]:
        return [] if name in left_out else text(name, lambda: _given(study_dir / file))

    def shown(show: Callable[..., str], *names: str) -> list[str]:
        parts = []
        for name in names:
            exhibit = Exhibit(f"caption of the {show.__name__}", name, RULE)
            parts += _told(exhibit, study_dir, lambda name=name: [show(name, frames, study_dir)])
        return parts

    sections = {
        "In short": [
            *text("answer", lambda: answer.said(frames, study_dir)),
            *shown(figure, "learning_curves", "aggregate_intervals"),
        ],
        "Tasks and variants": [
            *text("what_was_run", lambda: _what_was_run(frames)),
            *shown(table, "by_task", "falls"),
        ],
        "All tasks together": [
            *shown(table, "ranks", "pairs", "aggregate"),
            *shown(
                figure, "performance_profiles", "sample_efficiency", "probability_of_improvement"
            ),
        ],
        **({"Sweeps": shown(figure, "sweeps")} if frames.manifest.sweeps else {}),
        **({"Ladder of tricks": shown(figure, "ladder")} if frames.manifest.ladders else {}),
        "Claims": [
            *text("claims", lambda: [claims.section(study_dir)]),
            *text("what_was_found", lambda: _what_was_found(frames)),
            *text("claims_not_run", lambda: _not_run(study_dir)),
        ],
        "Reproduced?": given("reproduced", repeated.SECTION),
        "Films": text("films", lambda: _filmed(study_dir)),
        INSIDE: [
            *shown(figure, "temperature"),
            *text("overflows", lambda: _overflows(frames)),
            *shown(
                figure, "kl_relative", "effective_sample_size", "policy_deviation", "value_bias"
            ),
        ],
        "The theory by computation": given("theory", "theory/section.md"),
        **(
            {"Beside SR's report": [*shown(table, "printed"), *shown(figure, "iterations")]}
            if iterations(frames)
            else {}
        ),
        "Beside published scores": shown(table, "published"),
        "What it costs": [*shown(figure, "core_seconds", "cost"), *shown(table, "cost")],
        "Runs": [
            *_changes(changed),
            *text("origins", lambda: origins.told(frames)),
            *text("equal_codes", lambda: equal_codes.said(frames)),
            f"### {EVERY_RUN}",
            *shown(table, "runs"),
        ],
        "Settings": text("settings", lambda: variants.settings(frames.manifest)),
    }
    parts = [
        f"# Study `{frames.manifest.study}`",
        unfinished,
        *_failed(study_dir),
        *_untrained(frames),
    ]
    for title, paragraphs in sections.items():
        parts += [f"## {title}", *paragraphs] if paragraphs else []
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def _told(exhibit: Exhibit, study_dir: Path, tell: Callable[[], list[str]]) -> list[str]:
    """What `tell` says, or the sentence that says why there is nothing."""
    told: list[str] = []

    def attempted() -> None:
        try:
            told.extend(tell())
        except ReportError as error:
            told.append(str(error))

    sentence = failures.attempt(exhibit, study_dir, attempted)
    return told if sentence is None else [sentence]


def _failed(study_dir: Path) -> list[str]:
    """How much of the report could not be made, for its top."""
    standing = failures.standing(study_dir)
    if not standing:
        return []
    return [
        f"**{count(len(standing), 'part')} of this report could not be made.** In each one's place "
        "stands why; the next call tries again."
    ]


def _what_was_run(frames: Frames) -> list[str]:
    manifest = frames.manifest
    seeds = ", ".join(str(seed) for seed in manifest.seeds)
    tasks = pd.DataFrame(
        {
            "task": task.name,
            "environment": _environment(task),
            "control steps": f"{task.steps:,}",
            "action repeat": str(task.action_repeat),
            "score 0 to 1": f"{task.low:,.6g} to {task.high:,.6g}",
            "range from": task.reference,
            "threshold": f"{task.threshold:g}",
            "uniform policy": number(
                float("nan") if task.random_return is None else task.random_return
            ),
        }
        for task in manifest.tasks.values()
    )
    return [
        f"{count(len(manifest.runs), 'run')}: {count(len(manifest.variants), 'variant')} on "
        f"{count(len(manifest.tasks), 'task')}, seeds {seeds} (study seed {manifest.study_seed}). "
        f"Each run is evaluated {manifest.points} times with its mean action, "
        f"{count(manifest.episodes, 'episode')} each and "
        f"{manifest.final_episodes} at the end; {said_score(frames)}, of "
        "(return - low) / (high - low).",
        *filter(None, [said_tuning(manifest).strip()]),
        tables.markdown(tasks),
        variants.changes(manifest),
    ]


def _environment(task: Task) -> str:
    """Its name, and whatever else makes it."""
    more = (f"{name} `{json.dumps(value)}`" for name, value in task.made_so.items())
    return ", ".join([f"`{task.environment}`", *more])


def _untrained(frames: Frames) -> list[str]:
    """That runs of ours made no update, for the top: their policies are those they began with."""
    here = frames.runs["variant"].map(lambda name: frames.manifest.variants[name].trained_here)
    idle = int((here & (frames.runs["updates"] == 0)).sum())
    if not idle:
        return []
    return [
        f"**{idle} of {count(len(frames.runs), 'run')} made no update**, since their budget ends "
        "before `minimum_replay` is collected: what they show is the policy that they began with."
    ]


def _what_was_found(frames: Frames) -> list[str]:
    iqm = frames.aggregate[frames.aggregate["metric"] == "score_iqm"]
    tasks, findings = len(shared_tasks(frames.manifest, frames.scores)), []
    if len(iqm):
        best = iqm[iqm["value"] == iqm["value"].max()]
        names = " and ".join(f"`{name}`" for name in best["variant"])
        findings.append(
            f"The highest interquartile mean of the score over {said_all(frames)} is that of "
            f"{names}: {interval(best.head(1), 'score_iqm', tasks=tasks)}, "
            f"n = {count(best['n'].iloc[0], 'run')} of each task."
        )
    if len(frames.manifest.seeds) == 1:
        findings.append("One run of each variant and task says nothing about certainty.")
    seen = "What follows is seen, not tested; what is tested are the claims above."
    seen += said_coverage(frames, ["score_iqm"], tasks, drawn=frames.aggregate)
    runs = len(frames.scores)
    none = f"None of the {runs} runs diverged" if runs > 1 else "The one run did not diverge"
    lost = said_diverged(frames) or none
    return [f"{lost}.", *([" ".join([seen, *findings])] if findings else [])]


def _not_run(study_dir: Path) -> list[str]:
    """The claims that the study lacks runs for, below a heading of their own."""
    try:
        rows = claims.judged(study_dir)
    except ReportError:
        return []  # the claims' own place says why
    if rows is None or (lacking := not_run(rows)).empty:
        return []
    return [f"### {NOT_RUN}", tables.markdown(lacking)]


def _overflows(frames: Frames) -> list[str]:
    if frames.diagnostics["dual_overflows"].dropna().empty:
        return ["No run logged whether its dual was finite."]
    counts = frames.diagnostics.groupby("variant", sort=False)["dual_overflows"].sum()
    counts = counts[counts > 0]
    if counts.empty:
        return ["In no update was the dual or its gradient non-finite."]
    each = ", ".join(f"`{name}` {int(count):,}" for name, count in counts.items())
    return [
        "Updates that left the temperature as it was, since the dual or its gradient was not "
        f"finite: {each}."
    ]


def _filmed(study_dir: Path) -> list[str]:
    """The films of a study that was trained here, or shipped with them."""
    path = study_dir / "films.md"
    if not path.exists():
        command = f"python workflow/scripts/films.py {study_dir}"
        raise Absent(f"where the policies lie beside the runs, `{command}` makes them")
    return [path.read_text(encoding="utf-8")]


def _given(path: Path) -> list[str]:
    """What another rule wrote, where the study asked for it."""
    return [path.read_text(encoding="utf-8")] if path.exists() else []


def _changes(changed: Sequence[str]) -> list[str]:
    if not changed:
        return []
    names = ", ".join(f"`{name}`" for name in changed)
    return [
        "The code or the settings of these variants have changed since their runs were trained, so "
        f"that training them again would give other numbers: {names}."
    ]
