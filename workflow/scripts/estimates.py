"""Writes estimates/*.csv of a study: what its runs say together, with intervals."""

import argparse
from pathlib import Path

from mpo.evaluation.stages import write_estimates

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("study", type=Path, help="folder of the study, as results/smoke")
write_estimates(parser.parse_args().study)
