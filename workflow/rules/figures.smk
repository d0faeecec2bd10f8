# One rule a figure: figure_<name> draws mpo/evaluation/showing/figures/<name>.py.
FIGURES = [
    "learning_curves",
    "core_seconds",
    "aggregate_intervals",
    "performance_profiles",
    "sample_efficiency",
    "probability_of_improvement",
    "temperature",
    "kl_relative",
    "effective_sample_size",
    "policy_deviation",
    "value_bias",
    "cost",
    *(["sweeps"] if any(variant.swept for variant in STUDY.variants.values()) else []),
    *(["iterations"] if STUDY.by_iterations else []),
    *(["ladder"] if any(variant.rung for variant in STUDY.variants.values()) else []),
]


for figure in FIGURES:

    rule:
        name:
            f"figure_{figure}"
        input:
            FRAMES,
        output:
            report(
                f"{DIR}/figures/{figure}.svg",
                caption=f"../report/{figure}.rst",
                category="Figures",
                labels={"figure": figure.replace("_", " ")},
            ),
            f"{DIR}/figures/{figure}.png",
            f"{DIR}/figures/{figure}.csv",
        log:
            f"{DIR}/logs/figures/{figure}.log",
        localrule: True
        params:
            figure=figure,
            study=DIR,
            code=code_of("figure.py", f"evaluation.showing.figures.{figure}"),
            failures=failures_of(f"figure_{figure}"),
        shell:
            "python workflow/scripts/figure.py {params.figure} {params.study} 2> {log}"
