"""Tables: everything measured, one row an observation.

Needs rankings, probes and interventions. Collects them by model and treebank under `collected/` (so a new
language adds its own and leaves the others), and gives `tables/{table}.csv` and `.parquet`, and, where
asked for, `tables/{table}.tex` for paper; and `tables/columns.csv` and `.parquet`, what their
columns are.
"""

_STEMS = {
    "rankings": lambda of: plan.stems("rankings", top=True, of=of),
    "neurons": lambda of: ["neurons", "values", "words"],
    "probes": lambda of: plan.stems("probes", of=of),
    "whole": lambda of: plan.stems_of_all_neurons,
    "sentences": lambda of: plan.stems("sentences", top=True, of=of),
    "interventions": lambda of: plan.stems("interventions", of=of),
    "concord": lambda of: plan.stems("concord", of=of),
    "transfer": lambda of: [
        f"{other}/{stem}"
        for other in (plan.treebanks if of is None else jobs.others(of))
        for stem in plan.stems("transfer", top=True, of=of)
    ],
    "examples": lambda of: plan.stems("examples", of=of),
}
_PUT_TOGETHER = {
    kind: places.of_pair("probes" if kind == "whole" else kind, stems, targets.configurations)
    for kind, stems in _STEMS.items()
}
step = Step("collect")


rule collect:
    """Put the files of a model and treebank together, or compare them with each other."""
    input:
        unpack(
            step.inputs(
                **places.words(["test"]),
                **{kind: files.files for kind, files in _PUT_TOGETHER.items()},
            )
        ),
    output:
        collected=results("collected/{model}/{treebank}/{collection}.parquet"),
    log:
        step.log,
    benchmark:
        step.benchmark
    wildcard_constraints:
        collection=r"\w+",
    # As rankings and probes: their tables are there while interventions, which take long, wait.
    priority: 1
    conda:
        ENVIRONMENT
    resources:
        mem_mb=each_attempt(lambda mb, w: 700 + 20 * mb("interventions")),
        runtime=each_attempt(lambda mb, w: 10 + mb("interventions", "sentences")),
    params:
        job=step.job,
        report=step.setting("neurons.report"),
        describe=step.setting("neurons.describe"),
        seed=step.setting("seed"),
        files=hidden(
            configurations=lambda w: [of.path_in_pair for of in targets.configurations(w)],
            **{kind: files.patterns for kind, files in _PUT_TOGETHER.items()},
        ),
    shell:
        """
        python -m workflow_scripts.tables.collect \
            --made-by {params.job:q} \
            --collection {wildcards.collection} \
            --configurations {params.files[configurations]} \
            --rankings {params.files[rankings]} \
            --neurons {params.files[neurons]} \
            --probes {params.files[probes]} {params.files[whole]} \
            --sentences {params.files[sentences]} \
            --interventions {params.files[interventions]} \
            --concord {params.files[concord]} \
            --transfer {params.files[transfer]} \
            --examples {params.files[examples]} \
            --words-test {input.words_test} \
            --report {params.report} \
            --describe {params.describe} \
            --seed {params.seed} \
            --collected {output.collected} \
            2>&1 | tee {log}
        """


step = Step("build_table")


rule build_table:
    """Build one table from what was collected."""
    input:
        unpack(
            step.inputs(
                probes=targets.collected("probes"),
                interventions=targets.collected("interventions"),
                examples=targets.collected("examples"),
                rankings=targets.collected("rankings"),
                neurons=targets.collected("neurons"),
                contrasts=targets.collected("contrasts"),
                concord=targets.collected("concord"),
                transfer=targets.collected("transfer"),
                truth=targets.scored,
            )
        ),
    output:
        csv=report(
            results("tables/{table}.csv"),
            caption="captions/table.rst",
            category="Tables",
            labels={"table": "{table}"},
        ),
        parquet=results("tables/{table}.parquet"),
    log:
        step.log,
    benchmark:
        step.benchmark
    wildcard_constraints:
        table=one_of(plan.tables),
    priority: 1
    conda:
        ENVIRONMENT
    resources:
        mem_mb=each_attempt(lambda mb, w: 450 + 20 * mb("probes")),
        runtime=each_attempt(lambda mb, w: 10 + 10 * mb("probes")),
    params:
        job=step.job,
        report=step.setting("neurons.report"),
        seed=step.setting("seed"),
        compiled=step.setting("compiled"),
    shell:
        """
        python -m workflow_scripts.tables.build_table \
            --made-by {params.job:q} \
            --table {wildcards.table} \
            --probes {input.probes} \
            --interventions {input.interventions} \
            --examples {input.examples} \
            --rankings {input.rankings} \
            --neurons {input.neurons} \
            --contrasts {input.contrasts} \
            --concord {input.concord} \
            --transfer {input.transfer} \
            --truth {input.truth} \
            --compiled {params.compiled} \
            --report {params.report} \
            --seed {params.seed} \
            --csv {output.csv} \
            --parquet {output.parquet} \
            2>&1 | tee {log}
        """


step = Step("build_dictionary")


rule build_dictionary:
    """Say what each column of each table is."""
    input:
        unpack(step.inputs(tables=targets.files("tables", plan.tables, "parquet"))),
    output:
        csv=report(
            results("tables/columns.csv"),
            caption="captions/columns.rst",
            category="Tables",
            labels={"table": "columns"},
        ),
        parquet=results("tables/columns.parquet"),
    log:
        step.log,
    benchmark:
        step.benchmark
    conda:
        ENVIRONMENT
    resources:
        mem_mb=each_attempt(400),
        runtime=each_attempt(5),
    params:
        job=step.job,
    shell:
        """
        python -m workflow_scripts.tables.build_dictionary \
            --made-by {params.job:q} \
            --tables {input.tables} \
            --csv {output.csv} \
            --parquet {output.parquet} \
            2>&1 | tee {log}
        """


step = Step("build_latex")


rule build_latex:
    """Write one table as a paper shows it."""
    input:
        unpack(step.inputs(table=results("tables/{table}.parquet"))),
    output:
        latex=results("tables/{table}.tex"),
    log:
        step.log,
    benchmark:
        step.benchmark
    conda:
        ENVIRONMENT
    resources:
        mem_mb=each_attempt(400),
        runtime=each_attempt(5),
    params:
        job=step.job,
    shell:
        """
        python -m workflow_scripts.tables.build_latex \
            --made-by {params.job:q} \
            --table {input.table} \
            --latex {output.latex} \
            2>&1 | tee {log}
        """
