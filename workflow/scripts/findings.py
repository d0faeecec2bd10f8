"""Fills a template of prose with the numbers of a study: docs/findings.md, results/README.md."""

import argparse
import sys
from pathlib import Path

from mpo.evaluation.reading.frames import write_text
from mpo.evaluation.reading.manifest import ManifestError
from mpo.evaluation.showing.exhibits import ReportError
from mpo.evaluation.telling.prose import render

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("study", type=Path, help="folder of the study, as results/reference")
parser.add_argument("template", type=Path, help="file to fill, as docs/findings.template.md")
parser.add_argument("page", type=Path, help="file to write, as docs/findings.md")
chosen = parser.parse_args()

try:
    write_text(render(chosen.template, chosen.study), chosen.page)
except (ReportError, ManifestError, OSError) as error:
    sys.exit(str(error))
