"""The section "Reproduced?": a study beside the one that it trains again, verdicts and means."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from mpo.evaluation.claims.repeated import verdicts
from mpo.evaluation.estimating.repetition import by_chance, differences
from mpo.evaluation.reading.frames import read_csv, write_text
from mpo.evaluation.reading.pair import Side, alike, equal_runs, read_side, unlike
from mpo.evaluation.showing import tables
from mpo.evaluation.showing.failures import Absent, Exhibit, attempt
from mpo.evaluation.showing.marking import captioned
from mpo.evaluation.showing.tables.cells import NOTHING, number, with_interval
from mpo.evaluation.showing.wording import count

RULE = "compare_studies"
SECTION = "reproduced.md"
MEANS, CLAIMS = "reproduced_means", "reproduced_claims"
FILES = (
    SECTION,
    *(f"tables/{name}.{kind}" for name in (MEANS, CLAIMS) for kind in ("csv", "md", "tex")),
)


def make(study_dir: Path, other_dir: Path) -> None:
    """Writes `FILES` in `study_dir`, or the sentence that says why there are none."""
    exhibit = Exhibit("section", "reproduced", RULE, FILES)
    attempt(exhibit, study_dir, lambda: write(study_dir, other_dir))


def write(study_dir: Path, other_dir: Path) -> None:
    """The section and its two tables. Raises `Absent` where the studies have nothing in common."""
    mine, theirs = read_side(study_dir), read_side(other_dir)
    if not alike(mine, theirs):
        raise Absent(
            f"{other_dir} has no variant and task that was trained with these settings, for as "
            "long, and scored by the same range"
        )
    means = differences(mine, theirs)
    judged = verdicts(*(read_csv(side.folder / "tables/claims.csv") for side in (mine, theirs)))
    folder = study_dir / "tables"
    tables.write_files(MEANS, means, shown_means(means), folder)
    tables.write_files(CLAIMS, judged, shown_claims(judged), folder)
    write_text(section(mine, theirs, means, judged), study_dir / SECTION)


def section(mine: Side, theirs: Side, means: pd.DataFrame, judged: pd.DataFrame) -> str:
    """What is the same again and what is not, then both tables."""
    there = f"`{theirs.manifest.study}`"
    seeds = _common_seeds(mine, theirs)
    again = f"with {count(len(seeds), 'seed')} in common" if seeds else "with other seeds"
    parts = [
        f"Beside the study {there} (`{theirs.folder}`, {count(len(theirs.manifest.runs), 'run')}), "
        f"{again}: study seed {mine.manifest.study_seed} here, {theirs.manifest.study_seed} there.",
        "\n".join(f"- {line}" for line in _found(mine, theirs, means, judged)),
    ]
    if len(judged):
        parts += [
            tables.markdown(shown_claims(judged)),
            captioned(
                "Claims that both studies judged: verdict and effect here and there, with 95 % t "
                "intervals. Undecided is no disagreement, where the other decided; a claim that is "
                "not about the same rests on other tasks or variants there."
            ),
        ]
    paired = "seed by seed of those in common" if len(seeds) > 1 else "of independent runs"
    parts += [
        tables.markdown(shown_means(means)),
        captioned(
            "Mean scores here and there, and here minus there with a 95 % t interval, "
            f"{paired}. Of what is the same about one interval in twenty leaves out 0 by chance."
        ),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _common_seeds(mine: Side, theirs: Side) -> set[int]:
    """Seeds of which both have the same random numbers."""
    if mine.manifest.study_seed != theirs.manifest.study_seed:
        return set()
    return set(mine.manifest.seeds) & set(theirs.manifest.seeds)


def _found(mine: Side, theirs: Side, means: pd.DataFrame, judged: pd.DataFrame) -> list[str]:
    lines = []
    if len(judged):
        lines += _verdicts(judged)
    if compared := int(means["judged"].sum()):
        outside = int(means["outside"].sum())
        chance = by_chance(outside, compared)
        lines.append(
            f"{outside} of {count(compared, 'mean')} of a task and variant differ by more than "
            f"their interval; as many or more would by chance with probability {number(chance, 2)}."
        )
    equal = equal_runs(mine, theirs)
    for same, where in ((True, "the same kind of processor"), (False, "another one")):
        rows = equal[equal["same_machine"] == same]
        if len(rows):
            lines.append(
                f"Of {count(len(rows), 'run')} trained again on {where} {rows['equal'].sum()} came "
                "out equal by byte: evaluations, training log and policy."
            )
    if left := unlike(mine, theirs):
        named = ", ".join(f"`{variant}` on {task}" for task, variant in left)
        lines.append(f"Not compared, since settings, budget or score differ: {named}.")
    return lines


def _verdicts(judged: pd.DataFrame) -> list[str]:
    """How many verdicts are the same, of claims about the same and of others."""
    alike_, others = judged[judged["alike"]], judged[~judged["alike"]]
    lines = []
    if len(alike_):
        same = int(alike_["same"].sum())
        verb = "is" if len(alike_) == 1 else "are"
        lines.append(f"{same} of {count(len(alike_), 'verdict')} {verb} the same.")
    if len(others):
        same = int(others["same"].sum())
        lines.append(
            f"{same} of {count(len(others), 'verdict')} on other tasks or variants there "
            f"{'is' if len(others) == 1 else 'are'} the same."
        )
    return lines


def shown_claims(judged: pd.DataFrame) -> pd.DataFrame:
    """One row a claim, as text."""
    return pd.DataFrame(
        {
            "claim": row["claim"],
            "statement": row["statement"],
            "about the same": "yes" if row["alike"] else "no",
            "here": row["verdict"],
            "there": row["verdict_there"],
            "effect here": with_interval(row["effect"], row["low"], row["high"]),
            "effect there": with_interval(row["effect_there"], row["low_there"], row["high_there"]),
        }
        for row in judged.to_dict("records")
    )


def shown_means(means: pd.DataFrame) -> pd.DataFrame:
    """One row a task and variant, as text."""
    return pd.DataFrame(
        {
            "task": row["task"],
            "variant": row["variant"],
            "here (n)": f"{number(row['mean'])} ({row['n']})",
            "there (n)": f"{number(row['there'])} ({row['n_there']})",
            "here - there": with_interval(row["difference"], row["low"], row["high"]),
            "outside": ("yes" if row["outside"] else "no") if row["judged"] else NOTHING,
        }
        for row in means.to_dict("records")
    )
