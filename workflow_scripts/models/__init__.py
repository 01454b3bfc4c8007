"""Models: masked language models as the study sees them.

`reading` turns words into subtokens, `masked_lm` loads a model and runs it below a layer, above a
layer, and through its LM head; `treebank_pass` brings the sentences of words files to it. Below it
lies the `encoder`, run `in_parts` or whole `with_hook`; `running` finds out which. `batching` puts
sentences of like length together, `word_means` takes the means of their subtokens, `vocabulary`
finds the arg max over the LM head's rows; `tokenizer` opens a folder's tokenizer, `training` trains
a small model, `hub` downloads one. Knows nothing of attributes, rankings or paths of the study.
"""
