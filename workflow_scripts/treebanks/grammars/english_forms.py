"""English forms: inflection by rule, and words with the features that EWT gives them.

The exceptions to the rules are in the lexicon. Touches nothing.
"""

from functools import cache

from workflow_scripts.treebanks.grammars.english_words import (
    COMPARATIVES,
    DOUBLED,
    GRADED,
    PAST,
    PLURALS,
)
from workflow_scripts.treebanks.grammars.sentence_trees import Word, features

Agreement = tuple[str, str]
"""Person and number, as UD writes them: what a verb takes from its subject."""

VOWELS = "aeiou"

BE = {
    ("Pres", "1", "Sing"): "am",
    ("Pres", "3", "Sing"): "is",
    ("Pres", "Plur"): "are",
    ("Past", "Sing"): "was",
    ("Past", "Plur"): "were",
}


def _ends_in_consonant_y(word: str) -> bool:
    return word.endswith("y") and word[-2] not in VOWELS


def _add_s(word: str) -> str:
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    return word[:-1] + "ies" if _ends_in_consonant_y(word) else word + "s"


@cache
def plural(noun: str) -> str:
    """Return the plural of a noun."""
    return PLURALS[noun][0] if noun in PLURALS else _add_s(noun)


@cache
def third_person(verb: str) -> str:
    """Return the present that goes with he, she and it."""
    return {"have": "has", "do": "does"}.get(verb) or _add_s(verb)


@cache
def past(verb: str) -> str:
    """Return the past tense."""
    if verb in PAST:
        return PAST[verb][0]
    if verb.endswith("e"):
        return verb + "d"
    if _ends_in_consonant_y(verb):
        return verb[:-1] + "ied"
    return verb + (verb[-1] if verb in DOUBLED else "") + "ed"


@cache
def past_participle(verb: str) -> str:
    """Return the past participle."""
    return PAST[verb][-1] if verb in PAST else past(verb)


@cache
def present_participle(verb: str) -> str:
    """Return the form in -ing."""
    if verb in DOUBLED:
        return verb + verb[-1] + "ing"
    return (verb[:-1] if verb.endswith("e") and not verb.endswith("ee") else verb) + "ing"


@cache
def degree(adjective: str, degree: str) -> str | None:
    """Return the comparative (`Cmp`) or superlative (`Sup`); None where `more` is said instead."""
    if adjective in COMPARATIVES:
        return COMPARATIVES[adjective][degree == "Sup"]
    if adjective not in GRADED:
        return None
    stem = adjective
    if stem.endswith("e"):
        stem = stem[:-1]
    elif _ends_in_consonant_y(stem) and stem != "shy":
        stem = stem[:-1] + "i"
    elif stem in ("big", "sad", "thin", "fat"):
        stem += stem[-1]
    return stem + ("est" if degree == "Sup" else "er")


def article(next_word: str) -> str:
    """Return `a` or `an`, by the sound that the next word begins with."""
    word = next_word.lower()
    if word.startswith(("hour", "honest", "8", "11", "18")):
        return "an"
    return "an" if word[0] in VOWELS and not word.startswith(("use", "uni", "euro", "one")) else "a"


def the() -> Word:
    """Return the definite article."""
    return Word("the", "the", "DET", "Definite=Def|PronType=Art")


def a() -> Word:
    """Return the indefinite article, to be spelled by `article` once the next word is known."""
    return Word("a", "a", "DET", "Definite=Ind|PronType=Art")


def preposition(form: str) -> Word:
    """Return a preposition."""
    return Word(form, form, "ADP")


def noun(lemma: str, number: str) -> Word:
    """Return a noun in a number."""
    return Word(lemma if number == "Sing" else plural(lemma), lemma, "NOUN", f"Number={number}")


def name(lemma: str, number: str = "Sing") -> Word:
    """Return a name; of a family or a day also in the plural."""
    return Word(lemma if number == "Sing" else lemma + "s", lemma, "PROPN", f"Number={number}")


def finite(lemma: str, tense: str, agreement: Agreement, upos: str = "VERB") -> Word:
    """Return the indicative of a verb in a tense, for a subject of this person and number."""
    person, number = agreement
    if lemma == "be":
        form = BE.get((tense, person, number)) or BE[tense, number]
    elif tense == "Past":
        form = past(lemma)
    else:
        form = third_person(lemma) if agreement == ("3", "Sing") else lemma
    marks = features(Mood="Ind", Number=number, Person=person, Tense=tense, VerbForm="Fin")
    return Word(form, lemma, upos, marks)


def infinitive(lemma: str) -> Word:
    """Return the bare infinitive."""
    return Word(lemma, lemma, "VERB", "VerbForm=Inf")


def participle(lemma: str, tense: str, voice: str | None = None) -> Word:
    """Return the past participle or, for `Pres`, the form in -ing."""
    form = past_participle(lemma) if tense == "Past" else present_participle(lemma)
    return Word(form, lemma, "VERB", features(Tense=tense, VerbForm="Part", Voice=voice))
