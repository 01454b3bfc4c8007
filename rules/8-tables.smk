"""Tables: everything measured, one row an observation.

Needs rankings, probes and interventions. Collects them by model and treebank under `collected/` (so a new
language adds its own and leaves the others), and gives `tables/{table}.csv` and `.parquet`, and, where
asked for, `tables/{table}.tex` for paper.
"""

_BY_PROBES = [f"{name}-by-" for name in PROBES]
_BY_METHODS = [f"{name}-by-" for name in METHODS]


rule collected_rankings:
    """Put the first neurons of the rankings of a model and treebank together."""
    input:
        unpack(
            inputs_of(
                "collected_rankings",
                rankings=files_of_pair("rankings", [""], plan.top_rankings),
            )
        ),
    output:
        collected=results("collected/{model}/{treebank}/rankings.parquet"),
    log:
        log_of("collected_rankings", "{model}", "{treebank}"),
    benchmark:
        benchmark_of("collected_rankings", "{model}", "{treebank}")
    conda:
        ENVIRONMENT
    resources:
        mem_mb=asked(400),
        runtime=asked(10),
    params:
        job=job_of("collected_rankings"),
        given=passed(configurations=configuration_options),
        folder=results("rankings/{model}/{treebank}"),
        rankings=plan.top_rankings,
    shell:
        """
        python -m workflow_scripts.tables.collect_rankings \
            --made-by {params.job:q} \
            --model {wildcards.model} \
            --treebank {wildcards.treebank} \
            --folder {params.folder} \
            --configurations {params.given[configurations]} \
            --rankings {params.rankings} \
            --collected {output.collected} \
            2>&1 | tee {log}
        """


rule collected_probes:
    """Put the probes of a model and treebank together."""
    input:
        unpack(
            inputs_of(
                "collected_probes",
                scores=files_of_pair("probes", _BY_PROBES, plan.rankings + WHOLE),
            )
        ),
    output:
        collected=results("collected/{model}/{treebank}/probes.parquet"),
    log:
        log_of("collected_probes", "{model}", "{treebank}"),
    benchmark:
        benchmark_of("collected_probes", "{model}", "{treebank}")
    conda:
        ENVIRONMENT
    resources:
        mem_mb=asked(400),
        runtime=asked(10),
    params:
        job=job_of("collected_probes"),
        given=passed(configurations=configuration_options),
        folder=results("probes/{model}/{treebank}"),
        rankings=plan.rankings,
        probes=PROBES,
        whole="--whole" if WHOLE else "",
    shell:
        """
        python -m workflow_scripts.tables.collect_probes \
            --made-by {params.job:q} \
            --model {wildcards.model} \
            --treebank {wildcards.treebank} \
            --folder {params.folder} \
            --configurations {params.given[configurations]} \
            --rankings {params.rankings} \
            --probes {params.probes} \
            {params.whole} \
            --collected {output.collected} \
            2>&1 | tee {log}
        """


rule collected_interventions:
    """Put the interventions of a model and treebank together, with a few examples of each."""
    input:
        unpack(
            inputs_of(
                "collected_interventions",
                **words_of(["test"]),
                outcomes=files_of_pair("interventions", _BY_METHODS, plan.rankings),
                examples=files_of_pair("examples", _BY_METHODS, plan.rankings),
            )
        ),
    output:
        collected=results("collected/{model}/{treebank}/interventions.parquet"),
        examples=results("collected/{model}/{treebank}/examples.parquet"),
    log:
        log_of("collected_interventions", "{model}", "{treebank}"),
    benchmark:
        benchmark_of("collected_interventions", "{model}", "{treebank}")
    conda:
        ENVIRONMENT
    resources:
        mem_mb=asked(lambda mb, w: 450 + 20 * mb("outcomes")),
        runtime=asked(lambda mb, w: 10 + mb("outcomes")),
    params:
        job=job_of("collected_interventions"),
        given=passed(configurations=configuration_options),
        outcomes=results("interventions/{model}/{treebank}"),
        examples=results("examples/{model}/{treebank}"),
        rankings=plan.rankings,
        interventions=[quote(entry) for entry in plan.intervention_entries()],
    shell:
        """
        python -m workflow_scripts.tables.collect_interventions \
            --made-by {params.job:q} \
            --model {wildcards.model} \
            --treebank {wildcards.treebank} \
            --folder {params.outcomes} \
            --folder-of-examples {params.examples} \
            --configurations {params.given[configurations]} \
            --rankings {params.rankings} \
            --interventions {params.interventions} \
            --words-test {input.words_test} \
            --collected {output.collected} \
            --examples {output.examples} \
            2>&1 | tee {log}
        """


rule compare_rankings:
    """Compare the rankings of a model and treebank, in pairs, sentence by sentence."""
    input:
        unpack(
            inputs_of(
                "compare_rankings",
                sentences=files_of_pair("sentences", _BY_PROBES, plan.top_rankings),
                outcomes=files_of_pair("interventions", _BY_METHODS, plan.top_rankings),
            )
        ),
    output:
        collected=results("collected/{model}/{treebank}/contrasts.parquet"),
    log:
        log_of("compare_rankings", "{model}", "{treebank}"),
    benchmark:
        benchmark_of("compare_rankings", "{model}", "{treebank}")
    conda:
        ENVIRONMENT
    resources:
        mem_mb=asked(700),
        runtime=asked(lambda mb, w: 10 + mb("sentences", "outcomes")),
    params:
        job=job_of("compare_rankings"),
        study=STUDY,
        given=passed(configurations=configuration_options),
        sentences=results("sentences/{model}/{treebank}"),
        outcomes=results("interventions/{model}/{treebank}"),
        rankings=plan.top_rankings,
        probes=PROBES,
        interventions=[quote(entry) for entry in plan.intervention_entries()],
    shell:
        """
        python -m workflow_scripts.tables.compare_rankings \
            --made-by {params.job:q} \
            --model {wildcards.model} \
            --treebank {wildcards.treebank} \
            --folder {params.sentences} \
            --folder-of-interventions {params.outcomes} \
            --configurations {params.given[configurations]} \
            --rankings {params.rankings} \
            --probes {params.probes} \
            --interventions {params.interventions} \
            --report {params.study[neurons.report]} \
            --seed {params.study[seed]} \
            --collected {output.collected} \
            2>&1 | tee {log}
        """


rule table:
    """Build one table from what was collected."""
    input:
        unpack(
            inputs_of(
                "table",
                probes=collected("probes"),
                interventions=collected("interventions"),
                examples=collected("examples"),
                rankings=collected("rankings"),
                contrasts=collected("contrasts"),
            )
        ),
    output:
        csv=results("tables/{table}.csv"),
        parquet=results("tables/{table}.parquet"),
    log:
        log_of("table", "{table}"),
    benchmark:
        benchmark_of("table", "{table}")
    conda:
        ENVIRONMENT
    resources:
        mem_mb=asked(lambda mb, w: 450 + 20 * mb("probes")),
        runtime=asked(lambda mb, w: 10 + 10 * mb("probes")),
    params:
        job=job_of("table"),
        study=STUDY,
    shell:
        """
        python -m workflow_scripts.tables.build_table \
            --made-by {params.job:q} \
            --table {wildcards.table} \
            --probes {input.probes} \
            --interventions {input.interventions} \
            --examples {input.examples} \
            --rankings {input.rankings} \
            --contrasts {input.contrasts} \
            --report {params.study[neurons.report]} \
            --seed {params.study[seed]} \
            --csv {output.csv} \
            --parquet {output.parquet} \
            2>&1 | tee {log}
        """


rule latex_table:
    """Write one table as a paper shows it."""
    input:
        unpack(inputs_of("latex_table", table=results("tables/{table}.parquet"))),
    output:
        latex=results("tables/{table}.tex"),
    log:
        log_of("latex_table", "{table}"),
    benchmark:
        benchmark_of("latex_table", "{table}")
    conda:
        ENVIRONMENT
    resources:
        mem_mb=asked(400),
        runtime=asked(5),
    params:
        job=job_of("latex_table"),
    shell:
        """
        python -m workflow_scripts.tables.build_latex \
            --made-by {params.job:q} \
            --table {input.table} \
            --latex {output.latex} \
            2>&1 | tee {log}
        """
