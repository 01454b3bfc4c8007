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
        of_lemma = [
            analysis
            for analysis in analyses
            if analysis.lemma == word.lemma and (self._lemma_alone or analysis.upos == word.upos)
        ]
        if of_lemma:
            if any(analysis.value == word.value for analysis in of_lemma):
                return Outcome.CORRECT_LEMMA_CORRECT_VALUE
            if all(analysis.value is None for analysis in of_lemma):
                return Outcome.CLWV_NO_VALUE
            reached = [analysis for analysis in of_lemma if analysis.value == word.target]
            if word.target is None or not reached:
                return Outcome.CLWV
            alike = any(analysis.others == word.others for analysis in reached)
            return Outcome.CLTV_STRICT if alike else Outcome.CLTV
        if any(analysis.value == word.value for analysis in analyses):
            return Outcome.WRONG_LEMMA_CORRECT_VALUE
        if all(analysis.value is None for analysis in analyses):
            return Outcome.WRONG_LEMMA_NO_VALUE
        return Outcome.WRONG_LEMMA_WRONG_VALUE
