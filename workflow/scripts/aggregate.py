"""Checks a study's runs and writes scores.csv, curves.csv, diagnostics.csv and runs.csv.

Beside them goes published.csv, the published scores of the study's tasks.
"""

import argparse
import sys
from pathlib import Path

import pandas as pd

from mpo.evaluation.faults import StudyError
from mpo.evaluation.frames import write_csv
from mpo.evaluation.inventory import inventory
from mpo.evaluation.load import load
from mpo.evaluation.manifest import ManifestError
from mpo.evaluation.scores import curves, diagnostics, scores
from mpo.published import COLUMNS, load_published
from mpo.yaml_files import ConfigError

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("published", type=Path, help="published scores, as config/published.csv")
parser.add_argument("study", type=Path, help="folder of the study, as results/smoke")
chosen = parser.parse_args()
folder = chosen.study

try:
    published = load_published(chosen.published)
    study = load(folder)
except (ConfigError, StudyError, ManifestError) as error:
    sys.exit(str(error))
write_csv(scores(study), folder / "scores.csv")
write_csv(curves(study), folder / "curves.csv")
write_csv(diagnostics(study), folder / "diagnostics.csv")
write_csv(inventory(study), folder / "runs.csv")
of_tasks = [row for row in published if row["task"] in study.manifest.tasks]
write_csv(pd.DataFrame(of_tasks, columns=list(COLUMNS)), folder / "published.csv")
