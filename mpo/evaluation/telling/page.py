"""`report.html`: the report as one file that opens from disk with no network.

Images are inlined, as SVG where that is small enough to be quick, so that they stay sharp.
"""

from __future__ import annotations

import base64
import html
import re
from pathlib import Path

from markdown_it import MarkdownIt

LARGEST_SVG = 1_500_000
"""Bytes above which a figure is inlined as PNG."""
KINDS = {".svg": "image/svg+xml", ".png": "image/png", ".gif": "image/gif"}
STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.55 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; color: #1b1b1b;
  background: #fff; margin: 0 auto; max-width: 84rem; padding: 1rem clamp(0.8rem, 3vw, 2.5rem); }
h1 { font-size: 1.7rem; line-height: 1.2; }
h2 { font-size: 1.25rem; margin: 2.4rem 0 0.6rem; padding-bottom: 0.25rem;
  border-bottom: 1px solid #ddd; }
p, li { max-width: 52rem; overflow-wrap: anywhere; }
code { background: #f2f2f2; border-radius: 3px; padding: 0 0.25em; font-size: 0.92em; }
figure { margin: 1.2rem 0 0; overflow-x: auto; }
img { display: block; height: auto; max-width: 100%; }
figure img { min-width: min(100%, 34rem); }
.scroll { overflow-x: auto; margin: 1rem 0 0.4rem; }
table { border-collapse: collapse; font-size: 0.86rem; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid #e4e4e4; padding: 0.3rem 0.7rem 0.3rem 0; text-align: left;
  vertical-align: top; }
td { white-space: nowrap; }
td.text { white-space: normal; min-width: 9rem; }
th { border-bottom: 2px solid #999; vertical-align: bottom; }
.caption { color: #555; font-size: 0.86rem; margin: 0.3rem 0 1.6rem; }
@media print { body { max-width: none; } .scroll, figure { overflow: visible; } }
@media (max-width: 40rem) { figure img { min-width: 34rem; max-width: none; } }
"""
LONG_CELL = 40
"""Characters above which a table's cell may break into lines."""


def report_html(markdown: str, study_dir: str | Path) -> str:
    """The page for `markdown`, whose images lie in `study_dir`; it names those that do not."""
    body = MarkdownIt("commonmark").enable("table").render(markdown)
    body = re.sub(r"<p><em>(.*?)</em></p>", r'<p class="caption">\1</p>', body, flags=re.DOTALL)
    body = re.sub(
        r'<p><img src="([^"]*)" alt="([^"]*)" /></p>',
        lambda match: _figure(Path(study_dir), html.unescape(match[1]), match[2]),
        body,
    )
    body = re.sub(
        r'<img src="((?!data:)[^"]*)" alt="([^"]*)" />',
        lambda match: _image(Path(study_dir) / html.unescape(match[1]), match[2]),
        body,
    )
    body = body.replace("<table>", '<div class="scroll"><table>')
    body = body.replace("</table>", "</table></div>")
    body = re.sub(rf"<td>([^<]{{{LONG_CELL},}})</td>", r'<td class="text">\1</td>', body)
    title = re.search(r"^# (.*)$", markdown, flags=re.MULTILINE)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title[1].replace('`', '') if title else 'Report')}</title>\n"
        f"<style>{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )


def _figure(study_dir: Path, source: str, alt: str) -> str:
    path = study_dir / source
    sharp = path.with_suffix(".svg")
    if path.suffix == ".png" and sharp.exists() and sharp.stat().st_size <= LARGEST_SVG:
        path = sharp
    return f"<figure>{_image(path, alt)}</figure>"


def _image(path: Path, alt: str) -> str:
    if not path.is_file():
        return f"(the picture {alt} is missing: {html.escape(str(path))})"
    return f'<img src="{_inlined(path)}" alt="{alt}" />'


def _inlined(path: Path) -> str:
    content = base64.b64encode(path.read_bytes()).decode("ascii")
    return f"data:{KINDS[path.suffix]};base64,{content}"
