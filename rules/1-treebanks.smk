"""Treebanks: CoNLL-U files, downloaded or generated; a treebank with a `path` is there already.

Gives `treebanks/{treebank}/{treebank}-ud-{split}.conllu`.
"""


rule generate_treebank:
    """Write a small treebank from one of the project's own grammars."""
    input:
        unpack(inputs_of("generate_treebank")),
    output:
        **{s: results(f"treebanks/{{treebank}}/{{treebank}}-ud-{s}.conllu") for s in SPLITS},
    log:
        log_of("generate_treebank", "{treebank}"),
    benchmark:
        benchmark_of("generate_treebank", "{treebank}")
    wildcard_constraints:
        treebank=one_of(plan.named("grammar")),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=asked(300),
        runtime=asked(10),
    params:
        job=job_of("generate_treebank"),
        study=STUDY,
        given=passed(grammar=of_treebank("grammar"), sentences=of_treebank("sentences")),
    shell:
        """
        python -m workflow_scripts.treebanks.generate_treebank \
            --made-by {params.job:q} \
            --grammar {params.given[grammar]} \
            --sentences {params.given[sentences]} \
            --shares 0.8 0.1 0.1 \
            --seed {params.study[seed]} \
            --train {output.train} \
            --dev {output.dev} \
            --test {output.test} \
            2>&1 | tee {log}
        """


rule fetch_treebank:
    """Download a UD treebank at its release, each file checked against its pin."""
    input:
        unpack(inputs_of("fetch_treebank")),
    output:
        **{s: results(f"treebanks/{{treebank}}/{{treebank}}-ud-{s}.conllu") for s in SPLITS},
    log:
        log_of("fetch_treebank", "{treebank}"),
    benchmark:
        benchmark_of("fetch_treebank", "{treebank}")
    wildcard_constraints:
        treebank=one_of(plan.named("ud")),
    localrule: True
    conda:
        ENVIRONMENT
    resources:
        mem_mb=asked(300),
        runtime=asked(30),
    params:
        job=job_of("fetch_treebank"),
        study=STUDY,
        given=passed(
            repository=of_treebank("ud"),
            release=of_treebank("release"),
            train=lambda w: plan.pinned_file(w.treebank, "train"),
            dev=lambda w: plan.pinned_file(w.treebank, "dev"),
            test=lambda w: plan.pinned_file(w.treebank, "test"),
        ),
    shell:
        """
        python -m workflow_scripts.treebanks.fetch_treebank \
            --made-by {params.job:q} \
            --repository {params.given[repository]} \
            --release {params.given[release]} \
            --base {params.study[sources.ud]:q} \
            --file {params.given[train]} {output.train} \
            --file {params.given[dev]} {output.dev} \
            --file {params.given[test]} {output.test} \
            2>&1 | tee {log}
        """
