"""Variants beside each other for a reader: a table, the answer in a sentence, what power is."""

from __future__ import annotations

import math

import pandas as pd

from mpo.evaluation.claims.claim import LEVEL
from mpo.evaluation.claims.judging import REFUTED, SUPPORTED
from mpo.evaluation.claims.sizes import POWER
from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing.claims.shown import effect, needed
from mpo.evaluation.showing.tables.cells import NOTHING, number
from mpo.evaluation.showing.wording import count, listed, named


def shown(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a task, or a pair, for a reader."""
    what = "task" if "task" in rows else "claim"
    return pd.DataFrame(
        {
            "task" if what == "task" else "pair": named(row[what]),
            "n": NOTHING if pd.isna(row["n"]) else str(row["n"]),
            f"difference of {row['metric']}": effect(row),
            "p": number(row["p_adjusted"], 2),
            "verdict": _verdict(row),
            "smallest difference shown": number(row["smallest_effect"], 2),
            "seeds to decide": needed(row),
            "note": row["note"] or "",
        }
        for row in rows.to_dict("records")
    )


def answer(rows: pd.DataFrame) -> str:
    """The answer over all tasks in a sentence, and what it rests on."""
    over = rows.iloc[0].to_dict()
    if pd.isna(over["n"]):
        return f"Not judged: {over['note']}."
    text = (
        f"{_verdict(over).capitalize()}: {_where(over)} the mean difference of {over['metric']} "
        f"({over['first']} - {over['second']}) is {effect(over)}, p = "
        f"{number(over['p_adjusted'], 2)} ({_margin(over)}), n = {over['n']} a task."
    )
    seeds = needed(over)
    if over["verdict"] not in (SUPPORTED, REFUTED) and seeds != NOTHING:
        text += f" Seeds that would decide, were the difference what it is here: {seeds}."
    if over["n"] < 2:
        text += " One run gives no p below 1."
    elif math.isfinite(over["smallest_effect"]):
        beyond = " beyond the margin" if over["margin"] else ""
        text += (
            f" The t test has no smallest p; so many seeds show a difference of "
            f"{number(over['smallest_effect'], 2)}{beyond} with probability {POWER:g}."
        )
    note = f" Note: {over['note']}." if over["note"] else ""
    return f"{text}{note}{_corrected('single tasks') if len(rows) > 1 else ''}"


def said_all(rows: pd.DataFrame) -> str:
    """What the table of all pairs is."""
    some, several = rows.iloc[0].to_dict(), len(rows) > 1
    names = some["where"].split(", ")
    which = f" ({listed(names)})" if len(names) > 1 else ""
    return (
        f"{'All ' if several else ''}{count(len(rows), 'pair')}, {_where(some)}{which}; p by "
        f"{_margin(some)}, verdicts at {LEVEL:g}.{_corrected('pairs') if several else ''}"
    )


def said_power(frames: Frames) -> str:
    """What the numbers of `power` are."""
    return (
        "Seeds of each of two variants that show such a difference with a probability of "
        f"{POWER:g} at a two-sided level of {LEVEL:g}, by the spread of the scores in study "
        f"{frames.manifest.study} ({len(frames.manifest.seeds)} seeds; variants trained here in "
        "pairs). That is itself uncertain: in brackets is what it would be in four of five such "
        f"studies. {NOTHING} stands where runs tell of no spread: where they are all equal, where "
        "there is one, and where no task has runs of both."
    )


def _verdict(row: dict) -> str:
    """Whether the first is better, in a word or a few."""
    margin = row["margin"]
    if row["verdict"] == SUPPORTED:
        word = "greater" if row["effect"] > 0 else "less"
        return f"{word} by more than {margin:g}" if margin else word
    return f"within {margin:g}" if row["verdict"] == REFUTED else "undecided"


def _where(row: dict) -> str:
    """Over how many tasks, or on which one."""
    tasks = row["where"].split(", ")
    return f"over {count(len(tasks), 'task')}" if len(tasks) > 1 else f"on {tasks[0]}"


def _corrected(what: str) -> str:
    """What of several rows is corrected for their number, and what is not; a sentence."""
    return f" The p of {what} are corrected for their number, by Holm; the intervals are not."


def _margin(row: dict) -> str:
    how = "stratified t, two-sided"
    return f"{how}, against a margin of {row['margin']:g}" if row["margin"] else how
