"""Words: surface words with their analyses, and the attributes that a treebank has enough of.

Needs the CoNLL-U files of a treebank. Gives `words/{treebank}/{split}.parquet` and
`words/{treebank}/attributes.csv`, from which all configurations follow: hence the checkpoint.
"""


rule words_of_treebank:
    """Read a treebank's surface words and the values of their attributes."""
    input:
        unpack(
            inputs_of(
                "words_of_treebank",
                train=conllu_of("train"),
                dev=conllu_of("dev"),
                test=conllu_of("test"),
            )
        ),
    output:
        train=results("words/{treebank}/train.parquet"),
        dev=results("words/{treebank}/dev.parquet"),
        test=results("words/{treebank}/test.parquet"),
    log:
        log_of("words_of_treebank", "{treebank}"),
    benchmark:
        benchmark_of("words_of_treebank", "{treebank}")
    conda:
        ENVIRONMENT
    resources:
        mem_mb=asked(400),
        runtime=asked(15),
    params:
        job=job_of("words_of_treebank"),
        study=STUDY,
        given=passed(**{s: conllu_path(s) for s in SPLITS}),
    shell:
        """
        python -m workflow_scripts.words.read_words \
            --made-by {params.job:q} \
            --train {params.given[train]:q} \
            --dev {params.given[dev]:q} \
            --test {params.given[test]:q} \
            --schema {params.study[schema]} \
            --words-train {output.train} \
            --words-dev {output.dev} \
            --words-test {output.test} \
            2>&1 | tee {log}
        """


checkpoint attributes:
    """Keep the values that every split has enough distinct forms of."""
    input:
        unpack(
            inputs_of(
                "attributes",
                **words_of(),
            )
        ),
    output:
        attributes=results("words/{treebank}/attributes.csv"),
    log:
        log_of("attributes", "{treebank}"),
    benchmark:
        benchmark_of("attributes", "{treebank}")
    conda:
        ENVIRONMENT
    resources:
        mem_mb=asked(300),
        runtime=asked(10),
    params:
        job=job_of("attributes"),
        study=STUDY,
    shell:
        """
        python -m workflow_scripts.words.keep_values \
            --made-by {params.job:q} \
            --words-train {input.words_train} \
            --words-dev {input.words_dev} \
            --words-test {input.words_test} \
            --min-types {params.study[min_types]} \
            --attributes {output.attributes} \
            2>&1 | tee {log}
        """
