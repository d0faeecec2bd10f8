"""Writes a study's report.html, one file with all its images, from its report.md."""

import argparse
import sys
from pathlib import Path

from mpo.evaluation.reading.frames import write_text
from mpo.evaluation.reading.manifest import ManifestError
from mpo.evaluation.telling.page import report_html

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("study", type=Path, help="folder of the study, as results/smoke")
folder = parser.parse_args().study

try:
    markdown = (folder / "report.md").read_text(encoding="utf-8")
    write_text(report_html(markdown, folder), folder / "report.html")
except (ManifestError, OSError) as error:
    sys.exit(str(error))
