"""Figures: what the tables say, to look at.

Needs tables. Gives `figures/{figure}.svg` and `.pdf` for paper, and `.json`, the same figure in
Vega-Lite for a page on which it can be filtered.
"""


rule figure:
    """Draw one figure from the tables that it is made of."""
    input:
        **inputs_of("figure", tables=tables_of_figure),
    output:
        svg=results("figures/{figure}.svg"),
        pdf=results("figures/{figure}.pdf"),
        json=results("figures/{figure}.json"),
    log:
        log_of("figure", "{figure}"),
    benchmark:
        benchmark_of("figure", "{figure}")
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1500,
    params:
        job=job_of("figure"),
    shell:
        """
        python -m workflow_scripts.build_figure \
            --made-by {params.job:q} \
            --figure {wildcards.figure} \
            --tables {input.tables} \
            --svg {output.svg} \
            --pdf {output.pdf} \
            --json {output.json} \
            2>&1 | tee {log}
        """
