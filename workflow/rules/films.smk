# Films of final policies: the only thing made of them, so that results can be shipped without.
# A graphics driver can take its process down; then the script tells that in place of the films.


rule films:
    input:
        FRAMES,
        [f"{DIR}/{run.path}/{RUN_FILES['policy']}" for run in STUDY.runs],
    output:
        directory(f"{DIR}/films"),
        section=f"{DIR}/films.md",
    log:
        f"{DIR}/logs/films.log",
    localrule: True
    params:
        study=DIR,
        code=code_of("films.py"),
        failures=failures_of("films"),
    shell:
        "python workflow/scripts/films.py {params.study} 2> {log} ||"
        " python workflow/scripts/films.py {params.study} --ended $? 2>> {log}"
