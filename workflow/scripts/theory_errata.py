"""Computes the table of errata: theory/errata.csv and, for readers, theory/errata.md."""

import argparse
from pathlib import Path

import torch

from mpo.evaluation.reading.frames import write_csv, write_text
from mpo.theory import errata

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("study", type=Path, help="folder of the study, as results/smoke")
folder = parser.parse_args().study / "theory"

torch.set_num_threads(1)
table = errata.table()
write_csv(table, folder / "errata.csv")
write_text(errata.shown(table), folder / "errata.md")
