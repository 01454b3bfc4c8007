"""Glossary: what each word of the report means, in one plain sentence.

The page shows it where a word first stands, on hover and on focus, and whole at its end.
"""

TERMS = {
    "neuron": "One number of the vector that the model makes of a word at a layer.",
    "layer": "A step of the model: 0 is the embeddings, each layer after it makes a new vector.",
    "ranking": "The neurons of a layer in an order, those thought to matter most for an attribute "
    "first.",
    "from the top": "Taking the first neurons of a ranking, which it holds for the best (ttb, top "
    "to bottom, in the tables).",
    "from the bottom": "Taking the last neurons of a ranking, which it holds for the worst (btt, "
    "bottom to top, in the tables).",
    "linear": "The ranking by the weights of a linear classifier, or that classifier as a probe.",
    "gaussian": "The ranking by greedy search with a Gaussian classifier, or that classifier as a "
    "probe.",
    "probeless": "The ranking by the distance between the mean vectors of the values, without any "
    "classifier.",
    "random": "Neurons in an order drawn at random: what a ranking must beat.",
    "probe": "A small classifier that is trained to read an attribute from the vectors of words.",
    "attribute": "A grammatical feature of words, as Number or Tense; its values are singular and "
    "plural, or present and past.",
    "treebank": "Sentences whose words are annotated with lemma and grammatical features.",
    "configuration": "One model, treebank, attribute and layer together: what is measured on its "
    "own.",
    "readable": "Some probe reads the attribute there clearly better than the majority does.",
    "majority": "The accuracy of always saying the most frequent value, which needs no neuron.",
    "k": "How many neurons are taken: the first k of a ranking.",
    "accuracy": "The share of test words whose value a probe says right.",
    "selectivity": "A probe's accuracy less its accuracy on control labels, drawn at random for "
    "each word form: what is not words learned by heart.",
    "NMI": "The mutual information of what the probe says and the true values, as a share of the "
    "values' entropy: 0 knows nothing, 1 everything.",
    "ablation": "An intervention that sets neurons to zero.",
    "translation": "An intervention that moves neurons from the mean of a word's value towards the "
    "mean of another value.",
    "intervention": "Changing neurons inside the running model, to see what becomes of its words.",
    "error rate": "The share of words that come out as another word.",
    "CLWV": "Correct lemma, wrong value: the share of words that come out as another form of the "
    "same word.",
    "CLTV": "Correct lemma, target value: the share of words that come out as the form with the "
    "value aimed at.",
    "side effects": "The share of words beside, which nobody changed, that come out as another "
    "word.",
    "concord": "How often the model expects the form that agrees with another word, as a verb with "
    "its subject.",
    "saturation": "The k from which changing more neurons adds little.",
    "area": "One number for a whole curve: its mean height with k drawn on a scale of ln(1 + k), "
    "where each doubling of k is about as wide, so that the first neurons weigh most.",
    "clearly": "A difference that chance would seldom make: its p, adjusted for all comparisons of "
    "the configuration, is small.",
    "within noise": "A difference that chance alone may make: nothing can be said of it.",
    "95% interval": "Where the number would lie in 95 of 100 draws of test sentences.",
    "adjusted": "Of a p: made larger, as more comparisons find more by chance.",
}
"""Each word and what it means; the page finds it with its plural, in any case of letters."""
