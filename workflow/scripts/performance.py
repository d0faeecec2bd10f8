"""Shows what the benchmark wrote into docs/performance/ in docs/performance.md."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from mpo.benchmark import extrapolation, optimisations, report
from mpo.evaluation.reading.frames import read_csv, write_text
from mpo.evaluation.showing.tables import NOTHING, markdown
from mpo.evaluation.telling.readme import filled
from mpo.study.config import load_study
from mpo.study.study import Study
from mpo.study.workload import updates
from mpo.study.yaml_files import PROJECT

FOLDER, PAGE = PROJECT / "docs/performance", PROJECT / "docs/performance.md"


def measured(found: Mapping[str, Mapping[str, Any]]) -> str:
    """The table of one `--json` file, and where it was made, if it says so."""
    cells = report.cells(found).rename_axis(columns=None).reset_index(names="measured")
    return f"{markdown(cells)}\n{made(next(iter(found.values())).get('made_with'))}"


def made(made_with: Mapping[str, Any] | None) -> str:
    """Machine, PyTorch and commit, with a plus if something was changed since."""
    if not made_with:
        return ""
    machine, git = made_with["machine"], made_with["git"]
    commit = (git["commit"] or "unknown")[:7] + "+" * bool(git["dirty"])
    return f"*{machine['cpu']}, PyTorch {machine['torch_build']}, commit {commit}.*\n"


def reckoned(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Core-hours of the default study and of the shipped one, by `found`, and those it took."""
    default, pilot = (load_study(PROJECT / f"config/{name}.yaml") for name in ("study", "pilot"))
    took = read_csv(PROJECT / pilot.folder / "runs.csv")["cpu_s"].sum() / 3600
    rows = [_row(default, found, NOTHING), _row(pilot, found, f"{took:.3g}")]
    return markdown(pd.DataFrame(rows))


def _row(study: Study, found: Mapping[str, Mapping[str, Any]], took: str) -> dict[str, object]:
    costs = {variant: found[variant] for variant in study.variants}
    return {
        "study": study.name,
        "runs": len(study.runs),
        "updates": f"{sum(updates(run.settings) for run in study.runs):,}",
        "core-hours reckoned": f"{sum(extrapolation.core_hours(study, costs).values()):.3g}",
        "core-hours taken": took,
    }


page = PAGE.read_text(encoding="utf-8")
found = {file.stem: json.loads(file.read_text()) for file in FOLDER.glob("*.json")}
tables = {name: measured(values) for name, values in found.items()}
tables["reckoned"] = reckoned(found["benchmark-zen5"])
undone = optimisations.table(read_csv(FOLDER / "optimisations.csv"))
tables["optimisations"] = markdown(undone.rename(columns={"undone": "without"}))
for name, table in tables.items():
    page = filled(page, table, PAGE, (f"<!-- begin {name} -->", f"<!-- end {name} -->"))
write_text(page, PAGE)
