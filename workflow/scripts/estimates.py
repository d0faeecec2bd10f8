"""Writes estimates/*.csv of a study: what its runs say together, with intervals."""

import argparse
import sys
from pathlib import Path

from mpo.evaluation.reading.manifest import ManifestError
from mpo.evaluation.stages import write_estimates

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("study", type=Path, help="folder of the study, as results/smoke")
folder = parser.parse_args().study

try:
    write_estimates(folder)
except (ManifestError, OSError) as error:
    sys.exit(str(error))
