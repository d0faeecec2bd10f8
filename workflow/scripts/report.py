"""Writes a study's report.md from its frames, tables and figures."""

import argparse
import sys
from pathlib import Path

from mpo.evaluation.reading.frames import write_text
from mpo.evaluation.reading.manifest import ManifestError
from mpo.evaluation.telling.report import report

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("study", type=Path, help="folder of the study, as results/smoke")
parser.add_argument("--changed", nargs="*", default=[], help="variants whose code is another now")
parser.add_argument("--left-out", nargs="*", default=[], help="sections not asked for any more")
chosen = parser.parse_args()

try:
    text = report(chosen.study, chosen.changed, left_out=chosen.left_out)
    write_text(text, chosen.study / "report.md")
except (ManifestError, OSError) as error:
    sys.exit(str(error))
