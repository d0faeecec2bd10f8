"""The table of claims as a reader sees it, and the sentences about it."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from mpo.evaluation.claims.claim import LEVEL
from mpo.evaluation.claims.judging import NOT_RUN, UNDECIDED, VERDICTS
from mpo.evaluation.claims.sizes import POWER, Needed
from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing.captions import said_score
from mpo.evaluation.showing.tables.cells import NOTHING, number, text, with_interval

SIGNS = {"greater": ">", "less": "<"}
OTHER = {"tasks": "variants", "variants": "tasks"}
NAMED = 3
"""More names than these are counted; the CSV file has them all."""


def shown(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a claim, as text."""
    return pd.DataFrame([_line(row) for row in rows.to_dict("records")])


def brief(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a claim that was judged, in short."""
    columns = ["statement", "source", "verdict", "effect", "seeds to decide", "failure missed"]
    return _judged(rows, columns)


def verdicts(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a claim that was judged: how it came out."""
    columns = ["claim", "statement", "verdict", "effect", "adjusted p", "n", "seeds to decide"]
    return _judged(rows, [*columns, "source", "note"])


def tests(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a claim that was judged: what was tested, and what the test can show."""
    return _judged(rows, ["claim", "tested", "smallest effect", "failure missed"])


def _judged(rows: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    judged = rows[rows["verdict"] != NOT_RUN]
    return shown(judged)[columns] if len(judged) else pd.DataFrame(columns=columns)


def not_run(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a claim that was not run, with what it lacks."""
    lacking = rows[rows["verdict"] == NOT_RUN]
    columns = ["claim", "statement", "tested", "source", "note"]
    return shown(lacking)[columns] if len(lacking) else pd.DataFrame(columns=columns)


def said_undecided(rows: pd.DataFrame) -> str:
    """Plainly, how many claims these runs leave open and how many seeds would close them."""
    open_, judged = rows[rows["verdict"] == UNDECIDED], rows[rows["verdict"] != NOT_RUN]
    if open_.empty:
        return ""
    seen = open_[open_["seeds_needed"].notna()]
    text = f"Undecided: {len(open_)} of the {len(judged)} claims with runs here."
    if seen.empty:
        return f"{text} The effects seen tell of none how many seeds would decide it."
    middle = math.ceil(seen["seeds_needed"].median())
    return (
        f"{text} For the {len(seen)} of them where an effect was seen, the median number of "
        f"seeds that would probably decide is {middle:,}, if the effects are what was seen; the "
        "spread alone leaves the range in brackets open."
    )


def caption(frames: Frames) -> str:
    """What the cells are."""
    return (
        "Claims, declared before the runs unless their source says otherwise. An effect is the "
        "first mean minus the second, averaged over where it is measured; of a spread, mean "
        "distances from the median take the place of means, and a claim without a second side has "
        f"its mean or share itself. It is in units of its metric ({said_score(frames)}), with a "
        "95 % t interval, exact of a share; variants that are pooled are "
        "averaged within a seed, and two variants compared seed by seed. p is two-sided, from a "
        "stratified t, the lesser of it and of it without the runs' skew, against the nearer side "
        "of the claimed bound (of a share one-sided, exact "
        f"binomial), then by Holm within the claim's family; a verdict needs p <= {LEVEL:g}. The "
        "smallest effect is what so many seeds show beyond the bound with a probability of "
        f"{POWER:g}; seeds to decide are those that the effect seen would need, by the spread "
        "seen, and in brackets by the spread's own 80 % range. n counts the seeds of each task; a "
        "failure missed is one so rare that n runs would not have shown it as often as not."
    )


def counted(rows: pd.DataFrame) -> str:
    """How many claims came to which verdict."""
    counts = rows["verdict"].value_counts()
    each = [f"{counts.get(name, 0)} {name.replace('_', ' ')}" for name in VERDICTS]
    return f"Of {len(rows)} claims: {', '.join(each)}."


def said_powerless(reasons: Mapping[str, str]) -> str:
    """Which claims so few runs cannot decide, whatever they show; empty where there are none."""
    if not reasons:
        return ""
    each = ", ".join(f"`{name}` ({why})" for name, why in reasons.items())
    return f"So few runs cannot decide or support these claims, whatever they show: {each}."


def effect(row: dict) -> str:
    """The effect with its interval."""
    if pd.isna(row["effect"]):
        return NOTHING
    return with_interval(row["effect"], row["low"], row["high"])


def needed(row: dict) -> str:
    """Seeds that would decide with their range, as "16 (9 to 40)"."""
    unknown = row["verdict"] != UNDECIDED or pd.isna(row["n"]) or row["n"] < 2
    if unknown and pd.isna(row["seeds_needed"]):
        return NOTHING
    ends = (row[f"seeds_{name}"] for name in ("needed", "low", "high"))
    runs = Needed(*(None if pd.isna(each) else int(each) for each in ends))
    return runs.told(spread=row["test"] == "share" or not pd.isna(row["low"]))


def _line(row: dict) -> dict[str, str]:
    return {
        "claim": f"`{row['claim']}`",
        "statement": row["statement"],
        "verdict": row["verdict"].replace("_", " "),
        "effect": effect(row),
        "adjusted p": number(row["p_adjusted"], 2),
        "n": NOTHING if pd.isna(row["n"]) else str(int(row["n"])),
        "smallest effect": number(row["smallest_effect"], 2),
        "seeds to decide": needed(row),
        "failure missed": _percent(row["missed_half"]),
        "tested": _tested(row),
        "source": row["source"],
        "note": text(row["note"]),
    }


def quantity(row: dict) -> str:
    """What a claim's effect is of: its metric, the spread of that, or a share of runs."""
    if row["test"] == "share":
        return f"share of runs with {row['metric']} above {row['threshold']:g}"
    return f"spread of {row['metric']}" if row["test"] == "spread" else str(row["metric"])


def _tested(row: dict) -> str:
    if row["test"] == "computed":
        return "by computation"
    first, second = text(row["first"]), text(row["second"])
    margin = f"{row['margin']:g}"
    over, alone = text(row["over"]), "" if row["test"] == "share" else "mean of "
    sides = f"{first} - {second}" if second else f"{alone}{_few(first, OTHER[over])}"
    if row["test"] == "equivalence":
        bound = f"within {margin}"
    elif row["direction"] in SIGNS:
        minus = "-" if second and row["direction"] == "less" and row["margin"] else ""
        bound = f"{SIGNS[row['direction']]} {minus}{margin}"
    else:
        bound = f"beyond {margin}"
    return f"{quantity(row)}: {sides} {bound} on {_few(text(row['where']), over)}"


def _few(names: str, kind: str) -> str:
    """Names as they are, or how many of which kind where they are many."""
    count = names.count(",") + 1
    return names if count <= NAMED else f"{count} {kind}"


def _percent(share: float) -> str:
    return NOTHING if pd.isna(share) else f"{100 * share:.0f} %"
