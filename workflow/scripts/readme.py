"""Shows a study in a README: fills what is between its marks, copies figures to docs/figures."""

import argparse
import sys
from pathlib import Path

from mpo.benchmark import expected
from mpo.evaluation.reading.manifest import ManifestError
from mpo.evaluation.showing.exhibits import ReportError
from mpo.evaluation.telling.readme import fill
from mpo.study.config import load_study
from mpo.study.remaining import duration, on
from mpo.study.yaml_files import PROJECT


def commands() -> str:
    """The first commands, and what they take as far as is known."""
    small, whole = (load_study(PROJECT / f"config/{name}.yaml") for name in ("smoke", "study"))
    few, many = (list(expected.seconds(study).values()) for study in (small, whole))
    minutes, two, sixteen = (
        duration(on(cores, rest)) for cores, rest in ((2, few), (2, many), (16, many))
    )
    return f"""```
make smoke       # trains and reports a small study: about {minutes} on two cores
make test        # formatters, linters, types and tests
```
Both install everything into `.venv` first, where it is missing (PyTorch is most of that), and
`make smoke` ends with the name of the report, `results/{small.name}/report.html`. The whole is
`make results`, or `snakemake --cores 16` from the environment (`. .venv/bin/activate`): the
{len(whole.runs)} runs of the default study take about {two} on 2 cores and {sixteen} on 16, as long
as those that are shipped took, or [as was measured](docs/performance.md). It says so before it
starts, and every ten minutes what is left; `python -m mpo status` says it at any time."""


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("study", type=Path, help="folder of the study, as results/smoke")
parser.add_argument("readme", type=Path, help="file to fill, as README.md")
chosen = parser.parse_args()

try:
    fill(chosen.study, chosen.readme, commands())
except (ReportError, ManifestError, OSError) as error:
    sys.exit(str(error))
