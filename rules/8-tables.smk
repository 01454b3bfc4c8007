"""Tables: everything measured, one row an observation.

Needs probes and interventions. Collects them by model and treebank under `collected/` (so a new
language adds its own and leaves the others), and gives `tables/{table}.csv` and `.parquet`.
"""


def _files(room, makers):
    """An input function: the files of a model and treebank in a room."""

    def files(wildcards):
        all_attributes()
        return [
            ancient(results(f"{room}/{of.path}/{maker}-by-{ranking}.parquet"))
            for of in configurations(wildcards.model, wildcards.treebank)
            for maker in makers
            for ranking in plan.rankings
        ]

    return files


def _named(wildcards):
    """The configurations of a model and treebank for a command line."""
    return [
        quote(f"{of.attribute}={Path(*Path(of.path).parts[2:])}")
        for of in jobs.configurations(wildcards.model, wildcards.treebank)
    ]


rule collected_probes:
    """Put the probes of a model and treebank together."""
    input:
        scores=_files("probes", plan.config["probes"]),
    output:
        collected=results("collected/{model}/{treebank}/probes.parquet"),
    params:
        job=lambda w: jobs.probes_of(w.model, w.treebank),
        folder=results("probes/{model}/{treebank}"),
        configurations=_named,
        rankings=plan.rankings,
        probes=plan.config["probes"],
    log:
        log_of("collected_probes", "{model}", "{treebank}"),
    benchmark:
        benchmark_of("collected_probes", "{model}", "{treebank}")
    resources:
        mem_mb=1000,
    conda:
        ENVIRONMENT
    shell:
        """
        python -m workflow_scripts.collect_probes \
            --model {wildcards.model} \
            --treebank {wildcards.treebank} \
            --folder {params.folder} \
            --configurations {params.configurations} \
            --rankings {params.rankings} \
            --probes {params.probes} \
            --collected {output.collected} \
            2>&1 | tee {log}
        """


rule collected_interventions:
    """Put the interventions of a model and treebank together, with a few examples of each."""
    input:
        **words_of(["test"]),
        outcomes=_files("interventions", [e["name"] for e in plan.config["interventions"]]),
    output:
        collected=results("collected/{model}/{treebank}/interventions.parquet"),
        examples=results("collected/{model}/{treebank}/examples.parquet"),
    params:
        job=lambda w: jobs.interventions_of(w.model, w.treebank),
        folder=results("interventions/{model}/{treebank}"),
        configurations=_named,
        rankings=plan.rankings,
        interventions=[quote(entry) for entry in plan.intervention_entries()],
    log:
        log_of("collected_interventions", "{model}", "{treebank}"),
    benchmark:
        benchmark_of("collected_interventions", "{model}", "{treebank}")
    resources:
        mem_mb=1000,
    conda:
        ENVIRONMENT
    shell:
        """
        python -m workflow_scripts.collect_interventions \
            --model {wildcards.model} \
            --treebank {wildcards.treebank} \
            --folder {params.folder} \
            --configurations {params.configurations} \
            --rankings {params.rankings} \
            --interventions {params.interventions} \
            --words-test {input.words_test} \
            --collected {output.collected} \
            --examples {output.examples} \
            2>&1 | tee {log}
        """


rule table:
    """Build one table from what was collected."""
    input:
        unpack(lambda w: {name: collected(name) for name in plan.reads(w.table)}),
    output:
        csv=results("tables/{table}.csv"),
        parquet=results("tables/{table}.parquet"),
    params:
        job=lambda w: jobs.table(w.table),
        inputs=lambda w, input: " ".join(
            f"--{name} {' '.join(input.get(name))}" for name in plan.reads(w.table)
        ),
        report=plan.config["neurons"]["report"],
    log:
        log_of("table", "{table}"),
    benchmark:
        benchmark_of("table", "{table}")
    resources:
        mem_mb=2000,
    conda:
        ENVIRONMENT
    shell:
        """
        python -m workflow_scripts.build_table \
            --table {wildcards.table} \
            {params.inputs} \
            --report {params.report} \
            --csv {output.csv} \
            --parquet {output.parquet} \
            2>&1 | tee {log}
        """
