# A study beside the one that it trains again, where its file names one that is there.
BESIDE = f"results/{STUDY.reproduces}"
BESIDE_FILES = [
    f"{BESIDE}/{name}" for name in ("manifest.json", "scores.csv", "runs.csv", "tables/claims.csv")
]
REPRODUCED = []

if STUDY.reproduces not in (None, STUDY.name) and all(map(os.path.exists, BESIDE_FILES)):
    REPRODUCED = [f"{DIR}/reproduced.md"]

    rule compare_studies:
        input:
            FRAMES,
            f"{DIR}/tables/claims.csv",
            BESIDE_FILES,
        output:
            REPRODUCED,
            expand(
                f"{DIR}/tables/reproduced_{{name}}.{{kind}}",
                name=["means", "claims"],
                kind=["csv", "md", "tex"],
            ),
        log:
            f"{DIR}/logs/tables/reproduced.log",
        localrule: True
        params:
            study=DIR,
            other=BESIDE,
            code=code_of("compare_studies.py"),
            failures=failures_of("compare_studies"),
        shell:
            "python workflow/scripts/compare_studies.py {params.study} {params.other} 2> {log}"
