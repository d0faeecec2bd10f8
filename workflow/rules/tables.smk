# One rule a table: table_<name> makes mpo/evaluation/showing/tables/<name>.py.
TABLES = [
    *("by_task", "falls", "aggregate", "ranks", "pairs", "cost", "published", "runs"),
    *(["printed"] if STUDY.by_iterations else []),
]


for table in TABLES:

    rule:
        name:
            f"table_{table}"
        input:
            FRAMES,
        output:
            report(
                f"{DIR}/tables/{table}.csv",
                caption=f"../report/{table}.rst",
                category="Tables",
                labels={"table": table.replace("_", " ")},
            ),
            f"{DIR}/tables/{table}.md",
            f"{DIR}/tables/{table}.tex",
        log:
            f"{DIR}/logs/tables/{table}.log",
        localrule: True
        params:
            table=table,
            study=DIR,
            code=code_of("table.py", f"evaluation.showing.tables.{table}"),
            failures=failures_of(f"table_{table}"),
        shell:
            "python workflow/scripts/table.py {params.table} {params.study} 2> {log}"
