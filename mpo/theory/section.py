"""The report's section on the theory, in Markdown, from the files that the other rules wrote."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from mpo.evaluation.reading.frames import read_csv, read_text
from mpo.evaluation.showing.tables import markdown
from mpo.evaluation.showing.tables.cells import number
from mpo.theory import convergence, cycling, errata, figures


def section(study_dir: Path) -> str:
    """Everything that was computed of the theory, with links relative to `study_dir`."""
    folder = study_dir / "theory"
    found = read_text(folder / "errata.csv")
    iterations, cycles = read_csv(folder / "iterations.csv"), read_csv(folder / "cycling.csv")
    parts = [
        _verdicts(found),
        errata.shown(found),
        _figure("appendix_sign", study_dir),
        _figure("overflow_map", study_dir),
        _figure("backups_order", study_dir),
        _figure("policy_iteration", study_dir),
        _iterations(),
        _iterations_table(iterations),
        _cycling(cycles),
        _cycling_table(cycles),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _verdicts(found: pd.DataFrame) -> str:
    confirmed = found.groupby("erratum", sort=False)["verdict"].agg(
        lambda verdicts: (verdicts == "confirmed").all()
    )
    return (
        f"Of {len(confirmed)} errata in the two papers {int(confirmed.sum())} are confirmed. An "
        "erratum is confirmed where, against a computation that knows nothing of the formula, the "
        "corrected form is within the tolerance and the printed one is off by more than a hundred "
        "times that. P1 is Abdolmaleki et al. 2018, SR the report of Chen et al. 2021."
    )


def _figure(name: str, study_dir: Path) -> str:
    drawn = read_csv(study_dir / "figures" / f"{name}.csv")
    caption = figures.module(name).caption(drawn)
    return f"![{name.replace('_', ' ')}](figures/{name}.png)\n\n*{caption}*"


def _iterations() -> str:
    return (
        f"Iterations until {100 * convergence.REACHED:g} % of the uniform policy's suboptimality "
        "is left, mean and standard error over processes, and on how many processes a backup got "
        "there earlier or later than `policy` did:"
    )


def _iterations_table(rows: pd.DataFrame) -> str:
    shown = pd.DataFrame(
        {
            "sweeps an iteration": row["sweeps"],
            "backup": f"`{row['backup']}`",
            "iterations": f"{row['iterations']:.2f} ± {row['standard_error']:.2f}",
            "earlier": str(row["ahead"]),
            "later": str(row["behind"]),
            "processes": str(row["processes"]),
        }
        for row in rows.to_dict("records")
    )
    return markdown(shown)


def _cycling(rows: pd.DataFrame) -> str:
    most = rows.groupby("backup", sort=False)["cycling"].agg(["min", "max"])
    improved, soft = most.loc["improved"], int(most["max"]["soft"])
    return (
        f"Sweeps of a backup at a fixed temperature on {int(rows['processes'].iloc[0])} random "
        f"two-state processes at discount {cycling.DISCOUNT:g}: between {improved['min']} and "
        f"{improved['max']} never settle with `improved`, whose weights depend on Q, and "
        f"{f'at most {soft}' if soft else 'none'} with `soft`, which is a contraction:"
    )


def _cycling_table(rows: pd.DataFrame) -> str:
    wide = rows.pivot(index="backup", columns="temperature", values="cycling")
    wide.columns = [f"η = {number(float(column), 2)}" for column in wide.columns]
    wide.index = pd.Index([f"`{name}`" for name in wide.index], name="never settle with")
    return markdown(wide.reset_index().astype(str))
