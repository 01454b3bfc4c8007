"""Analyzer `lexicon`: the treebank's own words, for any language.

A form's key is the form tokenised alone and decoded, so that it compares with a prediction. An
analysis without a lemma can give a prediction its value, and no lemma.
"""

from workflow_scripts.files.lexicon import Analysis
from workflow_scripts.interventions.analyzers import (
    AnalyzerTask,
    Change,
    Outcome,
    TrueWord,
)

USES = ("lexicon",)


class Analyzer:
    """Looks predictions up among the forms of the treebank."""

    IN_SENTENCE: bool = False

    def __init__(self, task: AnalyzerTask):
        self._analyses: dict[str, list[Analysis]] = {}
        for key, analysis in task.lexicon():
            self._analyses.setdefault(key, []).append(analysis)
        self._lemma_alone = task.lemma_alone

    def judge(self, changes: list[Change]) -> list[Outcome]:
        """Return what became of each word."""
        return [self._judge(change.word, change.predicted) for change in changes]

    def _judge(self, word: TrueWord, predicted: str) -> Outcome:
        analyses = self._analyses.get(predicted)
        if analyses is None or word.lemma is None:
            return Outcome.NO_ANALYSIS
        values = {
            value
            for lemma, upos, value in analyses
            if lemma == word.lemma and (self._lemma_alone or upos == word.upos)
        }
        if values:
            if word.value in values:
                return Outcome.CORRECT_LEMMA_CORRECT_VALUE
            if word.target is not None and word.target in values:
                return Outcome.CLTV
            return Outcome.CLWV
        if any(value == word.value for _, _, value in analyses):
            return Outcome.WRONG_LEMMA_CORRECT_VALUE
        return Outcome.WRONG_LEMMA_WRONG_VALUE
