"""Makes one table of a study: tables/NAME.csv for programs and tables/NAME.md for readers."""

import argparse
from pathlib import Path

from mpo.evaluation import read_frames
from mpo.evaluation.showing import tables

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("name", choices=tables.names())
parser.add_argument("study", type=Path, help="folder of the study, as results/smoke")
chosen = parser.parse_args()

tables.make(chosen.name, read_frames(chosen.study), chosen.study)
