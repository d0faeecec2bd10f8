"""The table of claims as a reader sees it, and the sentences about it."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from mpo.evaluation.claims.claim import LEVEL
from mpo.evaluation.claims.judging import NOT_RUN, UNDECIDED, VERDICTS
from mpo.evaluation.claims.sizes import MOST_RUNS, POWER
from mpo.evaluation.showing.captions import METHOD
from mpo.evaluation.showing.tables.cells import NOTHING, number

SIGNS = {"greater": ">", "less": "<"}
OTHER = {"tasks": "variants", "variants": "tasks"}
NAMED = 3
"""More names than these are counted; the CSV file has them all."""


def shown(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a claim, as text."""
    return pd.DataFrame([_line(row) for row in rows.to_dict("records")])


def brief(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a claim that was judged, in short."""
    judged = rows[rows["verdict"] != NOT_RUN]
    columns = ["statement", "source", "verdict", "effect", "seeds to decide"]
    return shown(judged)[columns] if len(judged) else pd.DataFrame(columns=columns)


def said_undecided(rows: pd.DataFrame) -> str:
    """Plainly, how many claims these runs leave open and how many seeds would close them."""
    open_, judged = rows[rows["verdict"] == UNDECIDED], rows[rows["verdict"] != NOT_RUN]
    if open_.empty:
        return ""
    needed = open_["seeds_needed"].dropna()
    text = f"Undecided: {len(open_)} of the {len(judged)} claims with runs here."
    if needed.empty:
        return f"{text} The effects seen tell of none how many seeds would decide it."
    return (
        f"{text} For the {len(needed)} of them where an effect was seen, the median number of "
        f"seeds that would probably decide is {math.ceil(needed.median()):,}."
    )


def caption() -> str:
    """What the cells are."""
    return (
        "Claims, declared before the runs. An effect is the first mean minus the second, averaged "
        "over where it is measured; it is in units of its metric. p is two-sided, from a "
        "permutation of runs within each task and variant against the nearer side of the claimed "
        f"bound, then by Holm within the claim's family; a verdict needs p <= {LEVEL:g}. The "
        "smallest effect is what so many runs show beyond the bound with a probability of "
        f"{POWER:g}; seeds to decide are those that the effect seen would need, by the spread "
        f"seen. n counts the runs of each task and variant; {METHOD}."
    )


def counted(rows: pd.DataFrame) -> str:
    """How many claims came to which verdict."""
    counts = rows["verdict"].value_counts()
    each = [f"{counts.get(name, 0)} {name.replace('_', ' ')}" for name in VERDICTS]
    return f"Of {len(rows)} claims: {', '.join(each)}."


def said_powerless(least: Mapping[str, float]) -> str:
    """Which claims so few runs cannot decide, whatever they show; empty where there are none."""
    if not least:
        return ""
    each = ", ".join(f"`{name}` ({number(p, 2)})" for name, p in least.items())
    return (
        "So few runs cannot decide these claims, whatever they show; in brackets the smallest "
        f"adjusted p that they could reach: {each}."
    )


def _line(row: dict) -> dict[str, str]:
    return {
        "claim": f"`{row['claim']}`",
        "statement": row["statement"],
        "verdict": row["verdict"].replace("_", " "),
        "effect": _effect(row),
        "adjusted p": number(row["p_adjusted"], 2),
        "n": NOTHING if pd.isna(row["n"]) else str(int(row["n"])),
        "smallest effect": number(row["smallest_effect"], 2),
        "seeds to decide": _needed(row),
        "tested": _tested(row),
        "source": row["source"],
        "note": _text(row["note"]),
    }


def _tested(row: dict) -> str:
    if row["test"] == "computed":
        return "by computation"
    first, second = _text(row["first"]), _text(row["second"])
    metric = f"{'spread of ' if row['test'] == 'spread' else ''}{row['metric']}"
    margin = f"{row['margin']:g}"
    over = _text(row["over"])
    sides = f"{first} - {second}" if second else f"mean of {_few(first, OTHER[over])}"
    if row["test"] == "equivalence":
        bound = f"within {margin}"
    elif row["direction"] in SIGNS:
        minus = "-" if second and row["direction"] == "less" and row["margin"] else ""
        bound = f"{SIGNS[row['direction']]} {minus}{margin}"
    else:
        bound = f"beyond {margin}"
    return f"{metric}: {sides} {bound} on {_few(row['where'], over)}"


def _few(names: str, kind: str) -> str:
    """Names as they are, or how many of which kind where they are many."""
    count = names.count(",") + 1
    return names if count <= NAMED else f"{count} {kind}"


def _effect(row: dict) -> str:
    if pd.isna(row["effect"]):
        return NOTHING
    ends = "" if pd.isna(row["low"]) else f" [{number(row['low'])}, {number(row['high'])}]"
    return number(row["effect"]) + ends


def _needed(row: dict) -> str:
    if not pd.isna(row["seeds_needed"]):
        return str(int(row["seeds_needed"]))
    unknown = row["verdict"] != UNDECIDED or not row["n"] > 1
    return NOTHING if unknown else f"> {MOST_RUNS:,}"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
