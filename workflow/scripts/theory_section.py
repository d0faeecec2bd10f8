"""Writes theory/section.md, the report's section, from the errata and figures of the theory."""

import argparse
from pathlib import Path

from mpo.theory.section import make

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("study", type=Path, help="folder of the study, as results/smoke")

make(parser.parse_args().study)
