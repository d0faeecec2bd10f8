"""Shows what the benchmark wrote into docs/performance/ in docs/performance.md."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from mpo.benchmark import optimisations, report
from mpo.evaluation.frames import write_text
from mpo.evaluation.readme import filled
from mpo.evaluation.tables import markdown
from mpo.yaml_files import PROJECT

FOLDER, PAGE = PROJECT / "docs/performance", PROJECT / "docs/performance.md"


def measured(found: Mapping[str, Mapping[str, Any]]) -> str:
    """The table of one `--json` file, and where it was made, if it says so."""
    cells = report.cells(found).rename_axis(columns=None).reset_index(names="measured")
    return f"{markdown(cells)}\n{made(next(iter(found.values())).get('made_with'))}"


def made(made_with: Mapping[str, Any] | None) -> str:
    """Machine, PyTorch and commit."""
    if not made_with:
        return ""
    machine, commit = made_with["machine"], made_with["git"]["commit"]
    return f"*{machine['cpu']}, PyTorch {machine['torch_build']}, commit {commit[:7]}.*\n"


page = PAGE.read_text(encoding="utf-8")
tables = {file.stem: measured(json.loads(file.read_text())) for file in FOLDER.glob("*.json")}
undone = optimisations.table(pd.read_csv(FOLDER / "optimisations.csv"))
tables["optimisations"] = markdown(undone.rename(columns={"undone": "without"}))
for name, table in tables.items():
    page = filled(page, table, PAGE, (f"<!-- begin {name} -->", f"<!-- end {name} -->"))
write_text(page, PAGE)
