"""Words: surface words with their analyses, and the attributes that a treebank has enough of.

Needs the CoNLL-U files of a treebank. Gives `words/{treebank}/{split}.parquet` and
`words/{treebank}/attributes.csv`, from which all configurations follow: hence the checkpoint.
"""


rule words_of_treebank:
    """Read a treebank's surface words and the values of their attributes."""
    input:
        train=lambda w: ancient(str(plan.conllu(w.treebank, "train"))),
        dev=lambda w: ancient(str(plan.conllu(w.treebank, "dev"))),
        test=lambda w: ancient(str(plan.conllu(w.treebank, "test"))),
    output:
        train=results("words/{treebank}/train.parquet"),
        dev=results("words/{treebank}/dev.parquet"),
        test=results("words/{treebank}/test.parquet"),
    params:
        job=lambda w: jobs.words(w.treebank),
        schema=plan.config["schema"],
    log:
        log_of("words_of_treebank", "{treebank}"),
    benchmark:
        benchmark_of("words_of_treebank", "{treebank}")
    resources:
        mem_mb=1000,
    conda:
        ENVIRONMENT
    shell:
        """
        python -m workflow_scripts.read_words \
            --train {input.train:q} \
            --dev {input.dev:q} \
            --test {input.test:q} \
            --schema {params.schema} \
            --words-train {output.train} \
            --words-dev {output.dev} \
            --words-test {output.test} \
            2>&1 | tee {log}
        """


checkpoint attributes:
    """Keep the values that every split has enough distinct forms of."""
    input:
        **words_of(),
    output:
        attributes=results("words/{treebank}/attributes.csv"),
    params:
        job=lambda w: jobs.attributes(w.treebank),
        min_types=plan.config["min_types"],
    log:
        log_of("attributes", "{treebank}"),
    benchmark:
        benchmark_of("attributes", "{treebank}")
    resources:
        mem_mb=1000,
    conda:
        ENVIRONMENT
    shell:
        """
        python -m workflow_scripts.keep_values \
            --words-train {input.words_train} \
            --words-dev {input.words_dev} \
            --words-test {input.words_test} \
            --min-types {params.min_types} \
            --attributes {output.attributes} \
            2>&1 | tee {log}
        """
