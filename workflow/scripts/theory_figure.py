"""Computes and draws one figure of the theory: figures/NAME.png, .svg, .csv; needs no training."""

import argparse
from pathlib import Path

import torch

from mpo.theory import figures

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("name", choices=figures.NAMES)
parser.add_argument("study", type=Path, help="folder of the study, as results/smoke")
chosen = parser.parse_args()

torch.set_num_threads(1)
figures.make(chosen.name, chosen.study)
