"""Spanish forms: inflection by rule with listed irregular stems, and words with their features.

Verbs have the third and the first person (`1`, `3`) in present, past (preterite), future and
imperfect of the indicative, and the third person of the present subjunctive. Touches nothing.
"""

from functools import cache

from workflow_scripts.treebanks.grammars.sentence_trees import Word, features
from workflow_scripts.treebanks.grammars.spanish_words import TWO_ENDINGS, Noun

Agreement = tuple[str, str, str | None]
"""Person, number and gender, as UD writes them: what a subject asks of its predicate."""

SLOTS = {("1", "Sing"): 0, ("3", "Sing"): 1, ("1", "Plur"): 2, ("3", "Plur"): 3}
VOWELS = "aeiouáéíóú"
PLAIN = str.maketrans("áéíóú", "aeiou")


def _table(text: str) -> dict[str, str]:
    return dict(entry.split(":") for entry in text.split())


STRESSED = _table(
    """dormir:duerm jugar:jueg soñar:sueñ temblar:tiembl mentir:mient encontrar:encuentr
    mover:muev elegir:elig cerrar:cierr contar:cuent envolver:envuelv colgar:cuelg medir:mid
    probar:prueb servir:sirv pedir:pid querer:quier seguir:sigu recordar:recuerd entender:entiend
    despertar:despiert perseguir:persigu fotografiar:fotografí volver:vuelv corregir:corrig
    empezar:empiez continuar:continú pensar:piens repetir:repit preferir:prefier
    conseguir:consigu reír:rí sonreír:sonrí freír:frí tener:tien decir:dic poder:pued
    perder:pierd construir:construy"""
)
"""The stem of the present where it bears the stress, if it is not that of the infinitive."""
THIRD_PAST = _table(
    """dormir:durm mentir:mint elegir:elig medir:mid servir:sirv pedir:pid seguir:sigu
    perseguir:persigu corregir:corrig repetir:repit preferir:prefir conseguir:consigu reír:r
    sonreír:sonr freír:fr"""
)
"""The stem of the preterite's third person and of the gerund, if it is another one."""
STRONG_PAST = _table(
    """tener:tuv estar:estuv hacer:hic poner:pus saber:sup poder:pud querer:quis decir:dij
    traer:traj traducir:traduj haber:hub"""
)
FIRST = _table(
    "tener:tengo hacer:hago poner:pongo traer:traigo caer:caigo decir:digo ver:veo saber:sé"
)
FUTURE = _table(
    "tener:tendr hacer:har poner:pondr saber:sabr poder:podr querer:querr decir:dir haber:habr"
)
PARTICIPLE = _table(
    """hacer:hech poner:puest ver:vist abrir:abiert escribir:escrit romper:rot volver:vuelt
    envolver:envuelt descubrir:descubiert describir:descrit decir:dich freír:frit"""
)
SUBJUNCTIVE = _table("ser:se ir:vay saber:sep haber:hay")
PLURALS = _table("joven:jóvenes examen:exámenes país:países")
IRREGULAR = {
    ("ser", "Pres"): "soy es somos son",
    ("estar", "Pres"): "estoy está estamos están",
    ("ir", "Pres"): "voy va vamos van",
    ("haber", "Pres"): "he ha hemos han",
    ("ser", "Past"): "fui fue fuimos fueron",
    ("ir", "Past"): "fui fue fuimos fueron",
    ("ver", "Past"): "vi vio vimos vieron",
    ("reír", "Past"): "reí rio reímos rieron",
    ("freír", "Past"): "freí frio freímos frieron",
    ("ser", "Imp"): "era era éramos eran",
    ("ir", "Imp"): "iba iba íbamos iban",
    ("ver", "Imp"): "veía veía veíamos veían",
}


def _soften(stem: str, verb: str) -> str:
    """Spell the last consonant of a verb in -ar so that it sounds the same before `e`."""
    if verb.endswith("car"):
        return stem[:-1] + "qu"
    if verb.endswith("gar"):
        return stem + "u"
    return stem[:-1] + "c" if verb.endswith("zar") else stem


def _first_singular(verb: str) -> str:
    if verb in FIRST:
        return FIRST[verb]
    stem = STRESSED.get(verb, verb[:-2])
    if verb.endswith(("cer", "cir")):
        stem = stem[:-1] + ("zc" if stem[-2] in VOWELS else "z")
    elif verb.endswith(("ger", "gir")):
        stem = stem[:-1] + "j"
    elif verb.endswith("guir"):
        stem = stem[:-1]
    return stem + "o"


def _present(verb: str) -> list[str]:
    vowel, plain = verb[-2], verb[:-2]
    stem = STRESSED.get(verb, plain)
    weak = "a" if vowel == "a" else "e"
    return [_first_singular(verb), stem + weak, plain + vowel + "mos", stem + weak + "n"]


def _past(verb: str) -> list[str]:
    vowel, stem = verb[-2], verb[:-2]
    if verb in STRONG_PAST:
        strong = STRONG_PAST[verb]
        third = strong.replace("hic", "hiz") + "o"
        ending = "eron" if strong.endswith("j") else "ieron"
        return [strong + "e", third, strong + "imos", strong + ending]
    if vowel == "a":
        return [_soften(stem, verb) + "é", stem + "ó", stem + "amos", stem + "aron"]
    other = THIRD_PAST.get(verb, stem)
    glide = "y" if other[-1] in VOWELS and not other.endswith("gu") else "i"
    we = "ímos" if stem[-1] in "aeo" else "imos"
    return [stem + "í", f"{other}{glide}ó", stem + we, f"{other}{glide}eron"]


def _imperfect(verb: str) -> list[str]:
    stem = verb[:-2]
    if verb[-2] == "a":
        return [stem + "aba", stem + "aba", stem + "ábamos", stem + "aban"]
    return [stem + "ía", stem + "ía", stem + "íamos", stem + "ían"]


def _future(verb: str) -> list[str]:
    stem = FUTURE.get(verb, verb.translate(PLAIN))
    return [stem + "é", stem + "á", stem + "emos", stem + "án"]


def _subjunctive(verb: str) -> list[str]:
    stem = SUBJUNCTIVE.get(verb, _first_singular(verb)[:-1])
    if verb.endswith("ar"):
        stem = _soften(stem, verb)
    vowel = "e" if verb.endswith("ar") else "a"
    # The first person plural has stems of its own (durmamos) and no sentence that asks for it.
    return [stem + vowel, stem + vowel, "", stem + vowel + "n"]


TENSES = {
    "Pres": _present,
    "Past": _past,
    "Imp": _imperfect,
    "Fut": _future,
    "Sub": _subjunctive,
}


@cache
def conjugation(verb: str, tense: str) -> list[str]:
    """Return the forms of the first and third person singular, then plural, of a tense."""
    if (verb, tense) in IRREGULAR:
        return IRREGULAR[verb, tense].split()
    return TENSES[tense](verb)


@cache
def gerund(verb: str) -> str:
    """Return the gerund."""
    stem = "dic" if verb == "decir" else "pud" if verb == "poder" else verb[:-2]
    stem = THIRD_PAST.get(verb, stem)
    if verb.endswith("ar"):
        return stem + "ando"
    if not stem:
        return "yendo"
    return stem + ("yendo" if stem[-1] in VOWELS and not stem.endswith("gu") else "iendo")


def _agree(stem: str, gender: str | None, number: str) -> str:
    return stem + ("a" if gender == "Fem" else "o") + ("s" if number == "Plur" else "")


@cache
def past_participle(verb: str, gender: str | None = "Masc", number: str = "Sing") -> str:
    """Return the participle in a gender and number."""
    if verb in PARTICIPLE:
        return _agree(PARTICIPLE[verb], gender, number)
    stem = verb[:-2]
    theme = "ad" if verb.endswith("ar") else "íd" if stem[-1:] in tuple("aeo") else "id"
    return _agree(stem + theme, gender, number)


@cache
def plural(word: str) -> str:
    """Return the plural of a noun or an adjective."""
    if word in PLURALS:
        return PLURALS[word]
    if word.endswith("s") and word[-2] in "aeiou" and word not in ("mes", "gris"):
        return word  # la crisis, las crisis; el lunes, los lunes
    if word.endswith("z"):
        return word[:-1] + "ces"
    if word[-1] in VOWELS:
        return word + "s"
    return word[:-2] + word[-2:].translate(PLAIN) + "es"


@cache
def feminine(word: str) -> str:
    """Return the feminine of a noun or an adjective that has one of its own."""
    if word.endswith("o"):
        return word[:-1] + "a"
    return word[:-2] + word[-2:].translate(PLAIN) + "a"


def noun(entry: Noun, gender: str, number: str) -> Word:
    """Return a noun in a number, and in this gender if it has two."""
    lemma, genders = entry
    form = feminine(lemma) if genders == "Pair" and gender == "Fem" else lemma
    form = plural(form) if number == "Plur" else form
    return Word(form, lemma, "NOUN", f"Gender={gender}|Number={number}")


def adjective(lemma: str, gender: str | None, number: str) -> Word:
    """Return an adjective; one like `grande` has no gender, in form or features."""
    varies = lemma.endswith("o") or lemma in TWO_ENDINGS
    form = feminine(lemma) if varies and gender == "Fem" else lemma
    form = plural(form) if number == "Plur" else form
    marks = features(Gender=gender if varies else None, Number=number)
    return Word(form, lemma, "ADJ", marks)


def determiner(lemma: str, gender: str | None, number: str, **marks: str) -> Word:
    """Return an article or another determiner that agrees in gender and number."""
    if lemma in ("el", "este", "ese"):
        stem = {"el": "l", "este": "est", "ese": "es"}[lemma]
        form = lemma if (gender, number) == ("Masc", "Sing") else _agree(stem, gender, number)
    elif (lemma, gender, number) == ("uno", "Masc", "Sing"):
        form = "un"
    else:
        form = _agree(lemma[:-1], gender, number)
    return Word(form, lemma, "DET", features(Gender=gender, Number=number, **marks))


def article(lemma: str, agreement: Agreement) -> Word:
    """Return the definite article (`el`) or the indefinite one (`uno`)."""
    definite = "Def" if lemma == "el" else "Ind"
    _, number, gender = agreement
    return determiner(lemma, gender, number, Definite=definite, PronType="Art")


def finite(lemma: str, tense: str, agreement: Agreement, upos: str = "VERB") -> Word:
    """Return a finite form; `Sub` is the present subjunctive."""
    person, number, _ = agreement
    mood, time = ("Sub", "Pres") if tense == "Sub" else ("Ind", tense)
    marks = features(Mood=mood, Number=number, Person=person, Tense=time, VerbForm="Fin")
    return Word(conjugation(lemma, tense)[SLOTS[person, number]], lemma, upos, marks)


def infinitive(lemma: str) -> Word:
    """Return the infinitive."""
    return Word(lemma, lemma, "VERB", "VerbForm=Inf")


def participle(lemma: str, gender: str | None = "Masc", number: str = "Sing") -> Word:
    """Return the participle: with `haber` it does not agree, in the passive it does."""
    marks = features(Gender=gender, Number=number, Tense="Past", VerbForm="Part")
    return Word(past_participle(lemma, gender, number), lemma, "VERB", marks)


def simple(form: str, upos: str, feats: str = "_") -> Word:
    """Return a word that does not inflect."""
    return Word(form, form, upos, feats)
