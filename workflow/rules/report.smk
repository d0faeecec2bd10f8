# The report: Markdown from frames, figures and tables, and one HTML file made from that.
from mpo.evaluation.reading.manifest import ManifestError, read_manifest


localrules:
    report_markdown,
    report_html,


# A shipped study has films where they were made while its policies lay beside its runs.
FILMS = [f"{DIR}/films.md"] if TRAIN or Path(f"{DIR}/films.md").exists() else []


def changed_variants():
    """Of a shipped study, the variants whose code or settings are other ones by now."""
    if TRAIN:
        return []
    try:
        shipped = read_manifest(Path(DIR))
        return STUDY.changed_since(shipped.runs, shipped.equalities)
    except ManifestError as error:
        sys.exit(str(error))


rule report_markdown:
    input:
        FRAMES,
        expand(f"{DIR}/figures/{{name}}.{{kind}}", name=FIGURES, kind=["svg", "png"]),
        expand(f"{DIR}/tables/{{name}}.md", name=[*TABLES, "claims_section"]),
        THEORY,
        REPRODUCED,
        FILMS,
    output:
        f"{DIR}/report.md",
    log:
        f"{DIR}/logs/report_markdown.log",
    params:
        study=DIR,
        changed=changed_variants(),
        left_out=[
            name
            for name, files in {"reproduced": REPRODUCED, "theory": THEORY}.items()
            if not files
        ],
        code=code_of(
            "report.py",
            *(f"evaluation.showing.figures.{name}" for name in FIGURES),
            *(f"evaluation.showing.tables.{name}" for name in TABLES),
        ),
        failures=failures_of("report_markdown"),
    shell:
        "python workflow/scripts/report.py {params.study} --changed {params.changed} "
        "--left-out {params.left_out} 2> {log}"


rule report_html:
    input:
        f"{DIR}/report.md",
        expand(
            f"{DIR}/figures/{{name}}.{{kind}}",
            name=[*FIGURES, *THEORY_FIGURES],
            kind=["svg", "png", "csv"],
        ),
    output:
        f"{DIR}/report.html",
    log:
        f"{DIR}/logs/report_html.log",
    params:
        study=DIR,
        code=code_of("report_html.py", *(f"evaluation.showing.figures.{name}" for name in FIGURES)),
        failures=failures_of("report_html"),
    shell:
        "python workflow/scripts/report_html.py {params.study} 2> {log}"
