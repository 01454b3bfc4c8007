"""Probes: how well an attribute is predicted from the first k neurons of a ranking.

Needs rankings and labelled words. Gives `probes/.../layer-{l}/{probe}-by-{ranking}.parquet`.
"""


rule probe:
    """Probe a ranking at every k, with control labels beside where the study has them."""
    input:
        inputs_of(
            "probe",
            **words_of(),
            **activations_of(),
            attributes=attributes_of,
            ranking=results(f"rankings/{_CONFIGURATION}/{{ranking}}.parquet"),
            statistics=results(f"statistics/{_CONFIGURATION}/values.safetensors"),
            control=control_statistics_of,
        ),
    output:
        scores=results(f"probes/{_CONFIGURATION}/{{probe}}-by-{{ranking}}.parquet"),
    log:
        log_of("probe", _CONFIGURATION, "{probe}-by-{ranking}"),
    benchmark:
        benchmark_of("probe", _CONFIGURATION, "{probe}-by-{ranking}")
    wildcard_constraints:
        probe=one_of(plan.config["probes"]),
        ranking=one_of(plan.rankings),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
    params:
        job=job_of("probe"),
        attribute=attribute_of,
        control=lambda w, input: input.control and f"--control --control-statistics {input.control}",
    shell:
        """
        python -m workflow_scripts.probe_ranking \
            --model {wildcards.model} \
            --treebank {wildcards.treebank} \
            --attribute {params.attribute:q} \
            --layer {wildcards.layer} \
            --seed {plan.config[seed]} \
            --probe {wildcards.probe} \
            --max-neurons {plan.config[neurons][max]} \
            --words-train {input.words_train} \
            --words-dev {input.words_dev} \
            --words-test {input.words_test} \
            --activations-train {input.activations_train} \
            --activations-dev {input.activations_dev} \
            --activations-test {input.activations_test} \
            --attributes {input.attributes} \
            --ranking {input.ranking} \
            --statistics {input.statistics} \
            {params.control} \
            --scores {output.scores} \
            2>&1 | tee {log}
        """
