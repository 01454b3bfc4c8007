"""Report: what the tables say, to look at and to read.

Needs tables. Gives `figures/{figure}.svg` and `.pdf` for paper, and `.json`, the same figure in
Vega-Lite; `report.html`, one page with the findings, the figures, the tables and what was run, which
opens offline; `findings.json`, what the page says in sentences; and `provenance.json`, where the
tables come from.
"""

_CONFIGURATION = quote(json.dumps(plan.described))
step = Step("build_figure")


rule build_figure:
    """Draw one figure from the tables that it is made of."""
    input:
        unpack(
            step.inputs(
                tables=lambda w: targets.files("tables", plan.figures[w.figure], "parquet")
            )
        ),
    output:
        svg=report(
            results("figures/{figure}.svg"),
            caption="captions/figure.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
        pdf=results("figures/{figure}.pdf"),
        json=results("figures/{figure}.json"),
    log:
        step.log,
    benchmark:
        step.benchmark
    conda:
        ENVIRONMENT
    resources:
        mem_mb=each_attempt(lambda mb, w: 450 + 10 * mb("tables")),
        runtime=each_attempt(10),
    params:
        job=step.job,
        compiled=step.setting("compiled"),
    shell:
        """
        python -m workflow_scripts.report.build_figure \
            --made-by {params.job:q} \
            --figure {wildcards.figure} \
            --tables {input.tables} \
            --compiled {params.compiled} \
            --svg {output.svg} \
            --pdf {output.pdf} \
            --json {output.json} \
            2>&1 | tee {log}
        """


step = Step("build_report")


rule build_report:
    """Write what the study found as one page."""
    input:
        unpack(
            step.inputs(
                tables=targets.files("tables", plan.tables, "parquet"),
                figures=targets.files("figures", plan.figures, "json"),
                words=[results(f"words/{t}/{s}.parquet") for t in plan.treebanks for s in SPLITS],
                attributes=targets.all_words,
            )
        ),
    output:
        page=report(
            results("report.html"),
            caption="captions/page.rst",
            category="What the study found",
            labels={"page": "report"},
        ),
        findings=results("findings.json"),
    log:
        step.log,
    benchmark:
        step.benchmark
    conda:
        ENVIRONMENT_OF_ANALYZER
    resources:
        mem_mb=each_attempt(lambda mb, w: 600 + 10 * mb("tables")),
        runtime=each_attempt(10),
    params:
        job=step.job,
        words=[f"{name}={results('words')}/{name}" for name in plan.treebanks],
        packages=plan.packages,
        # As `job` has it: rankers are left out by what the configuration says of treebanks.
        study=hidden(configuration=_CONFIGURATION, rankers=quote(json.dumps(plan.left_out))),
    shell:
        """
        python -m workflow_scripts.report.build_report \
            --made-by {params.job:q} \
            --tables {input.tables} \
            --figures {input.figures} \
            --words {params.words} \
            --configuration {params.study[configuration]} \
            --rankers {params.study[rankers]} \
            --packages {params.packages} \
            --report {output.page} \
            --findings {output.findings} \
            2>&1 | tee {log}
        """


step = Step("build_provenance")


rule build_provenance:
    """Write where the tables come from: commit, configuration, versions, hashes."""
    input:
        unpack(
            step.inputs(
                tables=targets.files("tables", plan.tables, "parquet"),
                csv=targets.files("tables", plan.tables, "csv"),
                # The CSV comes with it.
                dictionary=targets.files("tables", ["columns"], "parquet"),
                treebanks=lambda w: [
                    file
                    for name in plan.treebanks
                    for path in plan.files_of(name).values()
                    for file in places.made_here("treebanks", name, path)
                ],
                models=lambda w: [
                    folder
                    for name in plan.models
                    for folder in places.made_here("models", name, plan.model_folder(name))
                ],
            )
        ),
    output:
        provenance=results("provenance.json"),
    log:
        step.log,
    benchmark:
        step.benchmark
    conda:
        ENVIRONMENT_OF_ANALYZER
    resources:
        mem_mb=each_attempt(300),
        runtime=each_attempt(5),
    params:
        job=step.job,
        packages=plan.packages,
        # Where the sources lie, and the commit, which changes with any word of the project.
        study=hidden(
            configuration=_CONFIGURATION,
            project=quote(json.dumps(repository.state())),
            treebanks=[
                quote(f"{name}={path}")
                for name in plan.treebanks
                for path in plan.files_of(name).values()
            ],
            models=[quote(f"{name}={plan.model_folder(name)}") for name in plan.models],
            rankers=[quote(f"{name}={path}") for name, path in plan.files_of_rankers.items()],
        ),
    shell:
        """
        python -m workflow_scripts.report.build_provenance \
            --made-by {params.job:q} \
            --tables {input.tables} {input.dictionary} \
            --treebanks {params.study[treebanks]} \
            --models {params.study[models]} \
            --rankers {params.study[rankers]} \
            --configuration {params.study[configuration]} \
            --project {params.study[project]} \
            --packages {params.packages} \
            --provenance {output.provenance} \
            2>&1 | tee {log}
        """
