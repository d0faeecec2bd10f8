"""Checks a study's runs and writes scores.csv, curves.csv, diagnostics.csv and runs.csv.

Beside them goes published.csv, the published scores of the study's tasks.
"""

import argparse
import sys
from pathlib import Path

from mpo.evaluation.reading.faults import StudyError
from mpo.evaluation.reading.load import load
from mpo.evaluation.reading.manifest import ManifestError
from mpo.evaluation.stages import write_runs
from mpo.study.published import load_published
from mpo.study.yaml_files import ConfigError

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("published", type=Path, help="published scores, as config/published.csv")
parser.add_argument("study", type=Path, help="folder of the study, as results/smoke")
chosen = parser.parse_args()

try:
    published = load_published(chosen.published)
    study = load(chosen.study)
    write_runs(study, published, chosen.study)
except (ConfigError, StudyError, ManifestError, OSError) as error:
    sys.exit(str(error))
