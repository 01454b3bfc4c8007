"""Probes: how well an attribute is predicted from the first k neurons of a ranking.

Needs rankings and labelled words. Gives `probes/.../layer-{l}/{probe}-by-{ranking}.parquet`, both
directions of a ranker in one job: they are made together and read the same words; for each of them
the right words of every test sentence, under `sentences/`; and `{probe}-by-all.parquet`, on all neurons.
"""

_PROBED = dict(**places.words(), **places.activations(), statistics=STATISTICS)

for step in Step("probe_rankings").by_directions():

    rule:
        """Probe rankings at every k, with control labels beside where the study has them."""
        name:
            step.rule
        input:
            unpack(
                step.inputs(
                    **_PROBED,
                    rankings=step.files("rankings"),
                    control_rankings=step.control_rankings,
                )
            ),
        output:
            scores=step.files("probes", "{probe}-by-"),
            sentences=step.files("sentences", "{probe}-by-"),
        log:
            step.log,
        benchmark:
            step.benchmark
        wildcard_constraints:
            probe=one_of(plan.config["probes"]),
            ranker=one_of(step.rankers),
        priority: 1
        conda:
            ENVIRONMENT
        resources:
            mem_mb=each_attempt(
                lambda mb, w: 470 + 0.7 * mb("activations_train") + 5 * mb("statistics")
            ),
            runtime=each_attempt(lambda mb, w: 10 + 0.02 * mb("activations_train")),
        params:
            job=step.job,
            max_neurons=step.setting("neurons.max"),
            control=step.setting("control"),
            seed=step.setting("seed"),
        shell:
            """
            python -m workflow_scripts.probes.probe_rankings \
                --made-by {params.job:q} \
                --probe {wildcards.probe} \
                --max-neurons {params.max_neurons} \
                --control {params.control} \
                --seed {params.seed} \
                --words-train {input.words_train} \
                --words-dev {input.words_dev} \
                --words-test {input.words_test} \
                --activations-train {input.activations_train} \
                --activations-dev {input.activations_dev} \
                --activations-test {input.activations_test} \
                --statistics {input.statistics} \
                --rankings {input.rankings} \
                --control-rankings {input.control_rankings} \
                --scores {output.scores} \
                --sentences {output.sentences} \
                --threads {threads} \
                2>&1 | tee {log}
            """


step = Step("probe_all_neurons")


rule probe_all_neurons:
    """Probe all neurons of a configuration, with control labels where the study has them."""
    input:
        unpack(step.inputs(**_PROBED)),
    output:
        scores=results(f"probes/{CONFIGURATION}/{{probe}}-by-all.parquet"),
    log:
        step.log,
    benchmark:
        step.benchmark
    wildcard_constraints:
        probe=one_of(plan.config["probes"]),
    priority: 1
    conda:
        ENVIRONMENT
    resources:
        mem_mb=each_attempt(
            lambda mb, w: 500
            + 1.8 * mb("activations_train", "activations_dev", "activations_test")
            + 5 * mb("statistics")
        ),
        runtime=each_attempt(lambda mb, w: 10 + 0.05 * mb("activations_train")),
    params:
        job=step.job,
        control=step.setting("control"),
        seed=step.setting("seed"),
    shell:
        """
        python -m workflow_scripts.probes.probe_all_neurons \
            --made-by {params.job:q} \
            --probe {wildcards.probe} \
            --control {params.control} \
            --seed {params.seed} \
            --words-train {input.words_train} \
            --words-dev {input.words_dev} \
            --words-test {input.words_test} \
            --activations-train {input.activations_train} \
            --activations-dev {input.activations_dev} \
            --activations-test {input.activations_test} \
            --statistics {input.statistics} \
            --scores {output.scores} \
            --threads {threads} \
            2>&1 | tee {log}
        """
