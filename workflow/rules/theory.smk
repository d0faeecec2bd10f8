# The theory verified by computation, which needs no training: theory_errata, theory_<figure> for
# each figure of mpo/theory/figures, and theory_section, what the report says of them.
THEORY_ERRATA = sorted(path.stem for path in Path("mpo/theory/errata").glob("[!_]*.py"))


rule theory_errata:
    output:
        report(
            f"{DIR}/theory/errata.csv",
            caption="../report/errata.rst",
            category="Tables",
            labels={"table": "errata"},
        ),
        f"{DIR}/theory/errata.md",
    log:
        f"{DIR}/logs/theory/errata.log",
    localrule: True
    params:
        study=DIR,
        code=code_of("theory_errata.py", *(f"theory.errata.{name}" for name in THEORY_ERRATA)),
        failures=failures_of("theory_errata"),
    shell:
        "python workflow/scripts/theory_errata.py {params.study} 2> {log}"


for figure, tables in THEORY_FIGURES.items():

    rule:
        name:
            f"theory_{figure}"
        output:
            report(
                f"{DIR}/figures/{figure}.svg",
                caption=f"../report/{figure}.rst",
                category="Figures",
                labels={"figure": figure.replace("_", " ")},
            ),
            f"{DIR}/figures/{figure}.png",
            f"{DIR}/figures/{figure}.csv",
            [f"{DIR}/theory/{table}.csv" for table in tables],
        log:
            f"{DIR}/logs/theory/{figure}.log",
        localrule: True
        params:
            figure=figure,
            study=DIR,
            code=code_of("theory_figure.py", f"theory.figures.{figure}"),
            failures=failures_of(f"theory_{figure}"),
        shell:
            "python workflow/scripts/theory_figure.py {params.figure} {params.study} 2> {log}"


rule theory_section:
    input:
        f"{DIR}/theory/errata.csv",
        expand(f"{DIR}/figures/{{name}}.csv", name=THEORY_FIGURES),
        expand(f"{DIR}/theory/{{table}}.csv", table=["iterations", "cycling"]),
    output:
        f"{DIR}/theory/section.md",
    log:
        f"{DIR}/logs/theory/section.log",
    localrule: True
    params:
        study=DIR,
        code=code_of("theory_section.py", *(f"theory.figures.{name}" for name in THEORY_FIGURES)),
        failures=failures_of("theory_section"),
    shell:
        "python workflow/scripts/theory_section.py {params.study} 2> {log}"
