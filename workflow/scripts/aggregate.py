"""Checks a study's runs and writes scores.csv, curves.csv, diagnostics.csv and runs.csv."""

import argparse
import sys
from pathlib import Path

from mpo.evaluation.faults import StudyError
from mpo.evaluation.frames import write_csv
from mpo.evaluation.inventory import inventory
from mpo.evaluation.load import load
from mpo.evaluation.manifest import ManifestError
from mpo.evaluation.scores import curves, diagnostics, scores

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("study", type=Path, help="folder of the study, as results/smoke")
folder = parser.parse_args().study

try:
    study = load(folder)
except (StudyError, ManifestError) as error:
    sys.exit(str(error))
write_csv(scores(study), folder / "scores.csv")
write_csv(curves(study), folder / "curves.csv")
write_csv(diagnostics(study), folder / "diagnostics.csv")
write_csv(inventory(study), folder / "runs.csv")
