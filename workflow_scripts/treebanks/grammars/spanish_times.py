"""Spanish times: adverbials that tell the tense of a clause. Touches nothing but the draws."""

from workflow_scripts.treebanks.grammars import spanish_forms as forms
from workflow_scripts.treebanks.grammars import spanish_words as words
from workflow_scripts.treebanks.grammars.sentence_trees import Phrase, Word
from workflow_scripts.treebanks.grammars.word_draws import Draws

ADVERBS = {
    "Past": ("ayer", "anoche"),
    "Fut": ("mañana", "pronto", "luego"),
    "Imp": ("antes", "antiguamente"),
    "Pres": ("ahora", "hoy", "actualmente"),
}


def time_adverbial(draws: Draws, tense: str) -> tuple[Phrase, str]:
    """Return an adverbial that goes with the tense, and its relation to the verb."""
    chosen = draws.pick(range(5))
    if chosen < 2:
        return Phrase(forms.simple(draws.pick(ADVERBS[tense]), "ADV")), "advmod"
    if tense == "Past" and chosen == 2:
        year = forms.simple(str(1950 + draws.pick(range(60))), "NUM", "NumForm=Digit|NumType=Card")
        return Phrase(year).before(forms.simple("en", "ADP"), "case"), "obl"
    if tense in ("Past", "Fut"):
        return _stretch(draws, "pasado" if tense == "Past" else "próximo"), "obl"
    return _habit(draws, chosen), "obl"


def _stretch(draws: Draws, adjective: str) -> Phrase:
    """Return one stretch of time told by its place: `la semana pasada`, `el próximo lunes`."""
    day = draws.chance(0.3)
    lemma, gender = (draws.card(words.WEEKDAYS), "Masc") if day else draws.card(words.STRETCHES)
    phrase = Phrase(forms.noun((lemma, gender), gender, "Sing"))
    modifier = forms.adjective(adjective, gender, "Sing")
    place = phrase.after if adjective == "pasado" else phrase.before
    return place(modifier, "amod").before(forms.article("el", ("3", "Sing", gender)), "det")


def _habit(draws: Draws, chosen: int) -> Phrase:
    """Return a time that comes again: `los lunes`, `cada semana`, `todos los días`."""
    if chosen == 2:
        day = Phrase(forms.noun((draws.card(words.WEEKDAYS), "Masc"), "Masc", "Plur"))
        return day.before(forms.article("el", ("3", "Plur", "Masc")), "det")
    entry = draws.card(words.UNITS)
    gender = entry[1]
    if chosen == 3:
        each = Word("cada", "cada", "DET", "Number=Sing|PronType=Tot")
        return Phrase(forms.noun(entry, gender, "Sing")).before(each, "det")
    unit = Phrase(forms.noun(entry, gender, "Plur"))
    unit.before(forms.article("el", ("3", "Plur", gender)), "det")
    return unit.before(forms.determiner("todo", gender, "Plur", PronType="Tot"), "det")
