"""Draws one figure of a study: figures/NAME.png, .svg and, with the numbers drawn, .csv."""

import argparse
from pathlib import Path

from mpo.evaluation import read_frames
from mpo.evaluation.showing import figures

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("name", choices=figures.names())
parser.add_argument("study", type=Path, help="folder of the study, as results/smoke")
chosen = parser.parse_args()

figures.make(chosen.name, read_frames(chosen.study), chosen.study)
