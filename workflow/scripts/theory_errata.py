"""Computes the table of errata: theory/errata.csv and, for readers, theory/errata.md."""

import argparse
from pathlib import Path

import torch

from mpo.theory import errata

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("study", type=Path, help="folder of the study, as results/smoke")
chosen = parser.parse_args()

torch.set_num_threads(1)
errata.make(chosen.study)
