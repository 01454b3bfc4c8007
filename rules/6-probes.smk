"""Probes: how well an attribute is predicted from the first k neurons of a ranking.

Needs rankings and labelled words. Gives `probes/.../layer-{l}/{probe}-by-{ranking}.parquet`, both
directions of a ranker in one job: they are made together and read the same words; for each of them
the right words of every test sentence, under `sentences/`; and `{probe}-by-all.parquet`, on all neurons.
"""

_PROBED = dict(
    **words_of(),
    **activations_of(),
    statistics=STATISTICS,
)


rule probe:
    """Probe rankings at every k, with control labels beside where the study has them."""
    input:
        unpack(inputs_of("probe", **_PROBED, rankings=by_rankings("rankings", ""))),
    output:
        scores=by_rankings("probes", "{probe}-by-"),
        sentences=by_rankings("sentences", "{probe}-by-"),
    log:
        log_of("probe", CONFIGURATION, "{probe}-by-{ranker}"),
    benchmark:
        benchmark_of("probe", CONFIGURATION, "{probe}-by-{ranker}")
    wildcard_constraints:
        probe=one_of(PROBES),
        ranker=rankers(2),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=asked(lambda mb, w: 470 + 0.7 * mb("activations_train") + 5 * mb("statistics")),
        runtime=asked(lambda mb, w: 10 + 0.02 * mb("activations_train")),
    params:
        job=job_of("probe"),
        study=STUDY,
        control=CONTROL,
    shell:
        """
        python -m workflow_scripts.probes.probe_rankings \
            --made-by {params.job:q} \
            --seed {params.study[seed]} \
            --probe {wildcards.probe} \
            --max-neurons {params.study[neurons.max]} \
            --words-train {input.words_train} \
            --words-dev {input.words_dev} \
            --words-test {input.words_test} \
            --activations-train {input.activations_train} \
            --activations-dev {input.activations_dev} \
            --activations-test {input.activations_test} \
            --rankings {input.rankings} \
            --statistics {input.statistics} \
            {params.control} \
            --scores {output.scores} \
            --sentences {output.sentences} \
            --threads {threads} \
            2>&1 | tee {log}
        """


use rule probe as probe_of_one_direction with:
    input:
        unpack(
            inputs_of(
                "probe_of_one_direction",
                **_PROBED,
                rankings=by_rankings("rankings", "", [""]),
            )
        ),
    output:
        scores=by_rankings("probes", "{probe}-by-", [""]),
        sentences=by_rankings("sentences", "{probe}-by-", [""]),
    log:
        log_of("probe_of_one_direction", CONFIGURATION, "{probe}-by-{ranker}"),
    benchmark:
        benchmark_of("probe_of_one_direction", CONFIGURATION, "{probe}-by-{ranker}")
    wildcard_constraints:
        probe=one_of(PROBES),
        ranker=rankers(1),


use rule probe as probe_of_all_neurons with:
    input:
        unpack(inputs_of("probe_of_all_neurons", **_PROBED, rankings=[])),
    output:
        scores=results(f"probes/{CONFIGURATION}/{{probe}}-by-all.parquet"),
        sentences=[],
    log:
        log_of("probe_of_all_neurons", CONFIGURATION, "{probe}-by-all"),
    benchmark:
        benchmark_of("probe_of_all_neurons", CONFIGURATION, "{probe}-by-all")
    wildcard_constraints:
        probe=one_of(PROBES),
    resources:
        mem_mb=asked(
            lambda mb, w: 500
            + 1.8 * mb("activations_train", "activations_dev", "activations_test")
            + 5 * mb("statistics")
        ),
        runtime=asked(lambda mb, w: 10 + 0.05 * mb("activations_train")),
    params:
        job=job_of("probe_of_all_neurons"),
        study=STUDY,
        control=CONTROL,
