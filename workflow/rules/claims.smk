# The claims of the literature and the study's own (its manifest has those), checked before there is
# a graph and judged by its runs.
from mpo.study.claims import load_claims
from mpo.settings.digests import bytes_digest

CLAIMS_FILE = "config/claims.yaml"
try:
    load_claims(CLAIMS_FILE)
except ConfigError as error:
    sys.exit(str(error))


rule claims:
    input:
        FRAMES,
        ERRATA,
    output:
        report(
            f"{DIR}/tables/claims.csv",
            caption="../report/claims.rst",
            category="Tables",
            labels={"table": "claims"},
        ),
        expand(f"{DIR}/tables/claims{{kind}}", kind=[".md", ".tex", "_section.md"]),
    log:
        f"{DIR}/logs/tables/claims.log",
    localrule: True
    params:
        file=CLAIMS_FILE,
        study=DIR,
        claims=bytes_digest([Path(CLAIMS_FILE)]),
        code=code_of("claims.py"),
        failures=failures_of("claims"),
    shell:
        "python workflow/scripts/claims.py {params.file} {params.study} 2> {log}"
