"""Report: what the tables say, to look at and to read.

Needs tables. Gives `figures/{figure}.svg` and `.pdf` for paper, and `.json`, the same figure in
Vega-Lite; `report.html`, one page with the findings, the figures, the tables and what was run, which
opens offline; and `provenance.json`, where the tables come from.
"""


rule figure:
    """Draw one figure from the tables that it is made of."""
    input:
        unpack(inputs_of("figure", tables=tables_of_figure)),
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
        mem_mb=asked(lambda mb, w: 450 + 10 * mb("tables")),
        runtime=asked(10),
    params:
        job=job_of("figure"),
    shell:
        """
        python -m workflow_scripts.report.build_figure \
            --made-by {params.job:q} \
            --figure {wildcards.figure} \
            --tables {input.tables} \
            --svg {output.svg} \
            --pdf {output.pdf} \
            --json {output.json} \
            2>&1 | tee {log}
        """


rule report:
    """Write what the study found as one page."""
    input:
        unpack(
            inputs_of(
                "report",
                tables=expand(results("tables/{table}.parquet"), table=plan.tables),
                figures=expand(results("figures/{figure}.json"), figure=plan.figures),
                words=expand(
                    results("words/{treebank}/{split}.parquet"),
                    treebank=plan.treebanks,
                    split=SPLITS,
                ),
                attributes=all_words,
            )
        ),
    output:
        report=results("report.html"),
    log:
        log_of("report", "report"),
    benchmark:
        benchmark_of("report", "report")
    conda:
        ENVIRONMENT_OF_ANALYZER
    resources:
        mem_mb=asked(lambda mb, w: 600 + 10 * mb("tables")),
        runtime=asked(10),
    params:
        job=job_of("report"),
        configuration=lambda w, input: quote(json.dumps(plan.described)),
        packages=plan.packages,
        words=[f"{name}={results('words')}/{name}" for name in plan.treebanks],
    shell:
        """
        python -m workflow_scripts.report.build_report \
            --made-by {params.job:q} \
            --tables {input.tables} \
            --figures {input.figures} \
            --words {params.words} \
            --configuration {params.configuration} \
            --packages {params.packages} \
            --report {output.report} \
            2>&1 | tee {log}
        """


rule provenance:
    """Write where the tables come from: commit, configuration, versions, hashes."""
    input:
        unpack(
            inputs_of(
                "provenance",
                tables=expand(results("tables/{table}.parquet"), table=plan.tables),
                csv=expand(results("tables/{table}.csv"), table=plan.tables),
                treebanks=lambda w: [
                    one
                    for name in plan.treebanks
                    for s in SPLITS
                    for one in made_here("treebanks", name, plan.conllu(name, s))
                ],
                models=lambda w: [
                    one
                    for name in plan.models
                    for one in made_here("models", name, plan.model_folder(name))
                ],
            )
        ),
    output:
        provenance=results("provenance.json"),
    log:
        log_of("provenance", "provenance"),
    benchmark:
        benchmark_of("provenance", "provenance")
    conda:
        ENVIRONMENT_OF_ANALYZER
    resources:
        mem_mb=asked(300),
        runtime=asked(5),
    params:
        job=job_of("provenance"),
        configuration=lambda w, input: quote(json.dumps(plan.described)),
        packages=plan.packages,
        project=lambda w, input: quote(json.dumps(repository.state())),
        treebanks=lambda w, input: [
            quote(f"{name}={plan.conllu(name, s)}") for name in plan.treebanks for s in SPLITS
        ],
        models=lambda w, input: [quote(f"{name}={plan.model_folder(name)}") for name in plan.models],
    shell:
        """
        python -m workflow_scripts.report.build_provenance \
            --made-by {params.job:q} \
            --tables {input.tables} \
            --treebanks {params.treebanks} \
            --models {params.models} \
            --configuration {params.configuration} \
            --project {params.project} \
            --packages {params.packages} \
            --provenance {output.provenance} \
            2>&1 | tee {log}
        """
