"""Shows a study in a README: fills the block between its marks, copies figures to docs/figures."""

import argparse
import sys
from pathlib import Path

from mpo.evaluation.showing.exhibits import ReportError
from mpo.evaluation.telling.readme import fill

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("study", type=Path, help="folder of the study, as results/smoke")
parser.add_argument("readme", type=Path, help="file to fill, as README.md")
chosen = parser.parse_args()

try:
    fill(chosen.study, chosen.readme)
except ReportError as error:
    sys.exit(str(error))
