"""Shows what the benchmark wrote into docs/performance/ in docs/performance.md."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from mpo.benchmark import expected, optimisations, report
from mpo.evaluation.reading.frames import read_csv, write_text
from mpo.evaluation.showing.tables import NOTHING, markdown
from mpo.evaluation.telling.readme import filled
from mpo.rundir import RUN_FILES
from mpo.study.config import load_study
from mpo.study.remaining import as_shipped
from mpo.study.resources import Rates, asked
from mpo.study.study import Study
from mpo.study.workload import updates
from mpo.study.yaml_files import PROJECT

FOLDER, PAGE = PROJECT / "docs/performance", PROJECT / "docs/performance.md"
STUDIES = [PROJECT / f"config/{name}.yaml" for name in ("study", "tricks", "full")]


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


def reckoned() -> str:
    """What studies take: by the benchmark, by their shipped runs, and of memory and files."""
    return markdown(pd.DataFrame(_row(load_study(file)) for file in STUDIES))


def _row(study: Study) -> dict[str, object]:
    sizes = [asked(run.task, run.variant, run.settings, Rates()) for run in study.runs]
    taken = as_shipped(study, PROJECT)
    return {
        "study": study.name,
        "runs": f"{len(study.runs):,}",
        "updates": f"{sum(updates(run.settings) for run in study.runs):,}",
        "core-hours": _hours(expected.by_benchmark(study)),
        "as shipped": _hours(taken) if len(taken) == len(study.runs) else NOTHING,
        "GPU-hours": _hours(expected.by_benchmark(study, FOLDER / "benchmark-h200.json")),
        "MB a run": f"{max(size.mem_mb for size in sizes):,}",
        "files": f"{len(study.runs) * len(RUN_FILES):,}",
    }


def _hours(seconds: Mapping[str, float]) -> str:
    return f"{sum(seconds.values()) / 3600:.3g}"


page = PAGE.read_text(encoding="utf-8")
found = {file.stem: json.loads(file.read_text()) for file in FOLDER.glob("*.json")}
tables = {name: measured(values) for name, values in found.items()}
tables["reckoned"] = reckoned()
undone = optimisations.table(read_csv(FOLDER / "optimisations.csv"))
tables["optimisations"] = markdown(undone.rename(columns={"undone": "without"}))
for name, table in tables.items():
    page = filled(page, table, PAGE, (f"<!-- begin {name} -->", f"<!-- end {name} -->"))
write_text(page, PAGE)
