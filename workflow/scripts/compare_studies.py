"""Sets a study beside the one that it trains again: reproduced.md and tables/reproduced_*."""

import argparse
from pathlib import Path

from mpo.evaluation.showing.repeated import make

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("study", type=Path, help="folder of the study, as results/default")
parser.add_argument("other", type=Path, help="folder of the other one, as results/reference")
chosen = parser.parse_args()

make(chosen.study, chosen.other)
