"""Probes: how well an attribute is predicted from the first k neurons of a ranking.

Needs rankings and labelled words. Gives `probes/.../layer-{l}/{probe}-by-{ranking}.parquet`.
"""


def _control(wildcards):
    """The class statistics of control labels, where there is a control task."""
    path = results(f"statistics/{_CONFIGURATION}/control.safetensors")
    return ancient(path) if plan.config["control"] else []


rule probe:
    """Probe a ranking at every k, with control labels beside where the study has them."""
    input:
        **words_of(),
        **activations_of(),
        attributes=attributes_of,
        ranking=ancient(results(f"rankings/{_CONFIGURATION}/{{ranking}}.parquet")),
        statistics=ancient(results(f"statistics/{_CONFIGURATION}/values.safetensors")),
        control=_control,
    output:
        scores=results(f"probes/{_CONFIGURATION}/{{probe}}-by-{{ranking}}.parquet"),
    params:
        job=lambda w: jobs.probe(jobs.configuration(w), w.probe, w.ranking),
        attribute=attribute_of,
        seed=plan.config["seed"],
        max=plan.config["neurons"]["max"],
        control=lambda w, input: input.control and f"--control --control-statistics {input.control}",
    wildcard_constraints:
        probe=one_of(plan.config["probes"]),
        ranking=one_of(plan.rankings),
    log:
        log_of("probe", _CONFIGURATION, "{probe}-by-{ranking}"),
    benchmark:
        benchmark_of("probe", _CONFIGURATION, "{probe}-by-{ranking}")
    resources:
        mem_mb=2000,
    conda:
        ENVIRONMENT
    shell:
        """
        python -m workflow_scripts.probe_ranking \
            --model {wildcards.model} \
            --treebank {wildcards.treebank} \
            --attribute {params.attribute:q} \
            --layer {wildcards.layer} \
            --seed {params.seed} \
            --probe {wildcards.probe} \
            --max-neurons {params.max} \
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
