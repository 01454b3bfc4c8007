"""English: a grammar of everyday sentences, with features as English-EWT annotates them.

Verbs agree with their subject across prepositional phrases and relative clauses; past verbs,
`I walk` and nouns like `sheep` show their number only in the context, verbs like `put` their tense.
"""

from collections.abc import Iterator

import numpy as np

from workflow_scripts.treebanks.grammars import english_forms as forms
from workflow_scripts.treebanks.grammars import english_words as words
from workflow_scripts.treebanks.grammars.sentence_trees import Phrase, Row, Word, features, rows_of
from workflow_scripts.treebanks.grammars.word_draws import Draws, distinct_sentences

SHORTEST, LONGEST = 4, 20  # words in a sentence, punctuation apart

FRAMES = (
    *(("act",) * 9 + ("handle",) * 11 + ("consume",) * 5 + ("meet",) * 8 + ("reach",) * 4),
    *(("compose",) * 5 + ("plan",) * 4 + ("occur",) * 4 + ("claim",) * 4 + ("wish",) * 4),
    *(("quality",) * 6 + ("identity",) * 2 + ("comparison",) * 3 + ("passive",) * 4),
    *(("existence",) * 3),
)
PLAIN_FRAMES = ("act", "handle", "consume", "meet", "reach", "compose", "plan")
"""Frames of a verb with at most an object: what relative clauses, questions and commands use."""
JOINING = ("because", "when", "while", "although")


def generate(n_sentences: int, stream: np.random.Generator) -> Iterator[list[Row]]:
    """Yield `n_sentences` English sentences of different texts, the same for equal streams."""
    english = _English(Draws(stream))
    return distinct_sentences(english.sentence, n_sentences)


class _English:
    """One treebank's worth of English: the draws, and the rules that use them."""

    def __init__(self, draws: Draws) -> None:
        self.draws = draws

    # Sentences

    def sentence(self) -> list[Row]:
        """Return the rows of one sentence of a length that is allowed."""
        while True:
            tense = self.draws.pick(("Pres", "Past"))
            kind = self.draws.pick(("statement",) * 20 + ("question",) * 3 + ("command",))
            phrase = getattr(self, kind)(tense)
            if SHORTEST <= phrase.n_words() <= LONGEST:
                return rows_of(_spell(phrase))

    def statement(self, tense: str) -> Phrase:
        draws = self.draws
        clause = self.clause(tense)
        second = draws.pick(range(10))
        if second == 0:
            joined = draws.pick(JOINING)
            other = self.clause(tense).before(Word(joined, joined, "SCONJ"), "mark")
            clause.after(other, "advcl")
        elif second == 1:
            joined = draws.pick(("and", "but"))
            other = self.clause(tense).before(Word(joined, joined, "CCONJ"), "cc")
            clause.punctuate(",").after(other, "conj")
        if second > 2 and draws.chance(0.12):
            clause.introduce(*self.time(tense))
        elif draws.chance(0.05):
            adverb = draws.card(words.COMMENT)
            clause.introduce(Word(adverb, adverb, "ADV"), "advmod")
        return clause.punctuate(".")

    def question(self, tense: str) -> Phrase:
        draws = self.draws
        frame = draws.pick(PLAIN_FRAMES)
        subject, agreement = self.subject(frame, short=True)
        if draws.chance(0.3):
            lemma = draws.pick(words.MODALS[tense])
            aux = Word(lemma, lemma, "AUX", "VerbForm=Fin")
        else:
            aux = forms.finite("do", tense, agreement, "AUX")
        verb = Phrase(forms.infinitive(draws.card(words.VERBS[frame])))
        self.complete(verb, frame, tense)
        verb.before(subject, "nsubj").before(aux, "aux")
        if draws.chance(0.4):
            asked = draws.pick(("where", "when", "why", "how"))
            verb.before(Word(asked, asked, "ADV", "PronType=Int"), "advmod")
        elif draws.chance(0.5):
            verb.after(*self.time(tense))
        return verb.punctuate("?")

    def command(self, tense: str) -> Phrase:
        del tense  # a command has none
        frame = self.draws.pick(PLAIN_FRAMES)
        lemma = self.draws.card(words.VERBS[frame])
        marks = features(Mood="Imp", Person="2", VerbForm="Fin")
        verb = self.complete(Phrase(Word(lemma, lemma, "VERB", marks)), frame, "Pres")
        if self.draws.chance(0.4):
            verb.before(Word("please", "please", "INTJ"), "discourse")
        return verb.punctuate(self.draws.pick((".", "!")))

    # Clauses

    def clause(self, tense: str, embedded: bool = False) -> Phrase:
        """Return subject, verb and what goes with them, without a full stop."""
        frame = self.draws.pick(PLAIN_FRAMES if embedded else FRAMES)
        if frame in ("quality", "identity", "comparison", "passive", "existence"):
            return getattr(self, frame)(tense)
        subject, agreement = self.subject(frame)
        lemma = self.draws.card(words.VERBS[frame])
        clause, timed = self.verb_group(lemma, agreement, tense)
        self.complete(clause, frame, tense)
        if frame == "act" and timed and self.draws.chance(0.12) and len(clause.words) == 1:
            other = Phrase(forms.finite(self.draws.card(words.VERBS["act"]), tense, agreement))
            clause.after(other.before(Word("and", "and", "CCONJ"), "cc"), "conj")
        if timed and frame not in ("claim", "wish") and self.draws.chance(0.4):
            clause.after(*self.time(tense))
        return clause.before(subject, "nsubj")

    def complete(self, verb: Phrase, frame: str, tense: str, gap: bool = False) -> Phrase:
        """Put behind a verb what its frame asks for; a `gap` leaves the object out."""
        draws = self.draws
        if frame == "claim":
            embedded = self.clause(tense, embedded=True)
            return verb.after(embedded.before(Word("that", "that", "SCONJ"), "mark"), "ccomp")
        if frame == "wish":
            inner = draws.pick(PLAIN_FRAMES)
            wished = Phrase(forms.infinitive(draws.card(words.VERBS[inner])))
            self.complete(wished, inner, tense)
            return verb.after(wished.before(Word("to", "to", "PART"), "mark"), "xcomp")
        objects = words.ARGUMENTS[frame][1]
        if objects and not gap:
            verb.after(self.noun_phrase(objects, tense)[0], "obj")
        if frame in ("act", "handle", "consume", "meet", "compose") and draws.chance(0.25):
            adverb = draws.card(words.MANNER if draws.chance(0.75) else words.PLACEWISE)
            verb.after(Word(adverb, adverb, "ADV"), "advmod")
        elif frame not in ("reach", "compose") and draws.chance(0.35):
            verb.after(self.place(tense), "obl")
        return verb

    def verb_group(self, lemma: str, agreement: forms.Agreement, tense: str) -> tuple[Phrase, bool]:
        """Return a verb with its auxiliaries, and whether a time adverbial fits it."""
        draws = self.draws
        kind = draws.pick(range(100))
        if kind < 60:
            phrase = Phrase(forms.finite(lemma, tense, agreement))
            if draws.chance(0.15):
                often = draws.card(words.FREQUENCY)
                phrase.before(Word(often, often, "ADV"), "advmod")
            return phrase, True
        if kind < 72:
            phrase = Phrase(forms.infinitive(lemma))
            return self.negate(phrase, forms.finite("do", tense, agreement, "AUX")), True
        if kind < 80:
            phrase = Phrase(forms.participle(lemma, "Pres"))
            return phrase.before(forms.finite("be", tense, agreement, "AUX"), "aux"), True
        if kind < 88:
            phrase = Phrase(forms.participle(lemma, "Past"))
            return phrase.before(forms.finite("have", tense, agreement, "AUX"), "aux"), False
        modal = draws.pick(words.MODALS[tense])
        aux = Word(modal, modal, "AUX", "VerbForm=Fin")
        phrase = Phrase(forms.infinitive(lemma))
        if draws.chance(0.3):
            return self.negate(phrase, aux), False
        return phrase.before(aux, "aux"), False

    def negate(self, phrase: Phrase, aux: Word, deprel: str = "aux") -> Phrase:
        """Put a negated auxiliary in front of a phrase, mostly as one token (`doesn't`)."""
        form, negation = "not", Word("not", "not", "PART", "Polarity=Neg")
        if aux.form not in ("am", "may", "might") and self.draws.chance(0.7):
            aux.form = words.STEMS_BEFORE_NT.get(aux.form, aux.form)
            form = negation.form = "n't"
        if form == "n't" or aux.form == "can":
            aux.fused = aux.form + form
        return phrase.before(negation, "advmod").before(aux, deprel)

    def be(self, tense: str, agreement: forms.Agreement, predicate: Phrase, deprel: str) -> Phrase:
        """Put a form of `be` in front of a predicate, sometimes negated."""
        aux = forms.finite("be", tense, agreement, "AUX")
        if self.draws.chance(0.12):
            return self.negate(predicate, aux, deprel)
        return predicate.before(aux, deprel)

    def quality(self, tense: str) -> Phrase:
        kind = self.draws.pick(tuple(words.NOUNS))
        subject, agreement = self.noun_phrase((kind,), tense)
        adjective = Phrase(self.adjective(kind))
        if self.draws.chance(0.4):
            degree = self.draws.card(words.DEGREE)
            adjective.before(Word(degree, degree, "ADV"), "advmod")
        return self.be(tense, agreement, adjective, "cop").before(subject, "nsubj")

    def comparison(self, tense: str) -> Phrase:
        kind = self.draws.pick(tuple(words.NOUNS))
        subject, agreement = self.noun_phrase((kind,), tense)
        predicate = Phrase(self.adjective(kind, "Cmp"))
        standard, _ = self.noun_phrase((kind,), tense, short=True)
        self.be(tense, agreement, predicate, "cop").before(subject, "nsubj")
        return predicate.after(standard.before(forms.preposition("than"), "case"), "obl")

    def identity(self, tense: str) -> Phrase:
        subject, agreement = self.subject("act", person=True)
        predicate = Phrase(forms.noun(self.draws.card(words.NOUNS["person"]), agreement[1]))
        if self.draws.chance(0.5):
            predicate.before(self.adjective("person"), "amod")
        if agreement[1] == "Sing":
            predicate.before(forms.a(), "det")
        return self.be(tense, agreement, predicate, "cop").before(subject, "nsubj")

    def passive(self, tense: str) -> Phrase:
        frame = self.draws.pick(("handle", "consume", "compose", "plan", "meet"))
        agents, objects = words.ARGUMENTS[frame]
        subject, agreement = self.noun_phrase(objects, tense)
        clause = Phrase(forms.participle(self.draws.card(words.VERBS[frame]), "Past", "Pass"))
        self.be(tense, agreement, clause, "aux:pass").before(subject, "nsubj:pass")
        if self.draws.chance(0.6):
            agent, _ = self.noun_phrase(agents, tense, short=True)
            clause.after(agent.before(forms.preposition("by"), "case"), "obl:agent")
        return clause

    def existence(self, tense: str) -> Phrase:
        number = self.draws.pick(("Sing", "Plur"))
        clause = Phrase(forms.finite("be", tense, ("3", number)))
        clause.before(Word("there", "there", "PRON"), "expl")
        noun = Phrase(
            forms.noun(self.draws.card(words.NOUNS[self.draws.pick(tuple(words.OF_NOUNS))]), number)
        )
        if number == "Sing":
            noun.before(forms.a(), "det")
        else:
            noun.before(self.number(), "nummod")
        return clause.after(noun, "nsubj").after(self.place(tense), "obl")

    # Nouns and what stands around them

    def subject(
        self, frame: str, short: bool = False, person: bool = False
    ) -> tuple[Phrase, forms.Agreement]:
        """Return a subject for a frame of verbs, and what the verb agrees with."""
        draws = self.draws
        kinds = ("person",) if person else words.ARGUMENTS[frame][0]
        chosen = draws.pick(range(100))
        if "person" not in kinds or chosen >= 38:
            return self.noun_phrase(kinds, "Pres", short=short)
        if chosen < 18:
            form, who, number, gender = draws.pick(words.PRONOUNS[:5])
            marks = features(Case="Nom", Gender=gender, Number=number, Person=who, PronType="Prs")
            return Phrase(Word(form, form, "PRON", marks)), (who, number)
        if chosen < 33:
            return Phrase(forms.name(draws.card(words.NAMES))), ("3", "Sing")
        family = draws.card(words.FAMILIES)
        phrase = Phrase(forms.name(family, "Plur"))
        return phrase.before(forms.the(), "det"), (
            "3",
            "Plur",
        )

    def noun_phrase(
        self, kinds: tuple[str, ...], tense: str, short: bool = False
    ) -> tuple[Phrase, forms.Agreement]:
        """Return a noun with its modifiers, and what a verb agrees with; `short`: none behind."""
        draws = self.draws
        kind = draws.pick(kinds)
        number = "Plur" if draws.chance(0.48) else "Sing"
        phrase = Phrase(forms.noun(draws.card(words.NOUNS[kind]), number))
        superlative = False
        if draws.chance(0.35):
            superlative = draws.chance(0.18)
            phrase.before(self.adjective(kind, "Sup" if superlative else "Pos"), "amod")
        self.determine(phrase, number, definite=superlative)
        following = draws.pick(range(100))
        if not short and following < 16:
            other, _ = self.noun_phrase(words.OF_NOUNS[kind], tense, short=True)
            phrase.after(
                other.before(forms.preposition(draws.pick(words.INSIDE[kind])), "case"), "nmod"
            )
        elif not short and following < 26 and kind != "event":
            phrase.after(self.relative(kind, number, tense), "acl:relcl")
        return phrase, ("3", number)

    def determine(self, phrase: Phrase, number: str, definite: bool = False) -> None:
        """Put a determiner in front of a noun phrase, or, in the plural, sometimes none."""
        draws = self.draws
        chosen = 0 if definite else draws.pick(range(100))
        if chosen < 42:
            phrase.before(forms.the(), "det")
        elif chosen < 62 and number == "Sing":
            phrase.before(forms.a(), "det")
        elif chosen < 50:
            pass
        elif chosen < 62:
            phrase.before(self.number(), "nummod")
        elif chosen < 74:
            form, lemma = draws.pick(words.DEMONSTRATIVE[number])
            phrase.before(Word(form, lemma, "DET", f"Number={number}|PronType=Dem"), "det")
        elif chosen < 86:
            form, person = draws.pick(words.POSSESSIVES)
            # Case and PronType as in EWT; the owner's number is not the noun's and is left out,
            # so that every word that stands before a noun and has a number agrees with it.
            marks = features(Case="Gen", Person=person, Poss="Yes", PronType="Prs")
            phrase.before(Word(form, form, "PRON", marks), "nmod:poss")
        else:
            form, upos, kind = draws.pick(words.INDEFINITE[number])
            degree = "Pos" if upos == "ADJ" else None
            deprel = "det" if upos == "DET" else "amod"
            phrase.before(Word(form, form, upos, features(Degree=degree, PronType=kind)), deprel)

    def number(self) -> Word:
        """Return a cardinal number above one."""
        form = self.draws.card(words.NUMBERS)
        written = "Digit" if form[0].isdigit() else "Word"
        return Word(form, form, "NUM", features(NumForm=written, NumType="Card"))

    def adjective(self, kind: str, degree: str = "Pos") -> Word:
        """Return an adjective that goes with a kind of noun."""
        common = self.draws.chance(0.25)
        while True:
            lemma = self.draws.card(words.COMMON_ADJECTIVES if common else words.ADJECTIVES[kind])
            form = lemma if degree == "Pos" else forms.degree(lemma, degree)
            if form:
                return Word(form, lemma, "ADJ", features(Degree=degree))
            common = True  # no one-word comparative: take an adjective that has one

    def relative(self, kind: str, number: str, tense: str) -> Phrase:
        """Return a relative clause, its verb agreeing with the noun or with its own subject."""
        draws = self.draws
        frames = [frame for frame in PLAIN_FRAMES if kind in words.ARGUMENTS[frame][1]]
        form = "who" if kind == "person" and draws.chance(0.7) else "that"
        pronoun = Word(form, form, "PRON", "PronType=Rel")
        if kind in ("person", "animal") and draws.chance(0.6):
            frame = draws.pick(PLAIN_FRAMES) if kind == "person" else "act"
            verb, _ = self.verb_group(draws.card(words.VERBS[frame]), ("3", number), tense)
            if words.ARGUMENTS[frame][1]:
                verb.after(self.noun_phrase(words.ARGUMENTS[frame][1], tense, short=True)[0], "obj")
            return verb.before(pronoun, "nsubj")
        frame = draws.pick(frames)
        subject, agreement = self.subject(frame, short=True)
        verb, _ = self.verb_group(draws.card(words.VERBS[frame]), agreement, tense)
        return verb.before(subject, "nsubj").before(
            Word("that", "that", "PRON", "PronType=Rel"), "obj"
        )

    def place(self, tense: str) -> Phrase:
        """Return a prepositional phrase of place."""
        draws = self.draws
        if draws.chance(0.3):
            return Phrase(forms.name(draws.card(words.CITIES))).before(
                forms.preposition(draws.pick(("in", "near"))), "case"
            )
        phrase, _ = self.noun_phrase(("place",), tense, short=True)
        return phrase.before(forms.preposition(draws.pick(("in", "near", "behind", "at"))), "case")

    def time(self, tense: str) -> tuple[Phrase, str]:
        """Return an adverbial of time that goes with the tense, and its relation to the verb."""
        draws = self.draws
        chosen = draws.pick(range(6))
        if chosen < 2:
            form = draws.pick(("yesterday",) if tense == "Past" else ("today", "now", "nowadays"))
            if form in ("yesterday", "today"):
                return Phrase(forms.noun(form, "Sing")), "obl:unmarked"
            return Phrase(Word(form, form, "ADV")), "advmod"
        if tense == "Pres" and chosen < 4:
            day = Phrase(forms.name(draws.card(words.WEEKDAYS), "Plur"))
            return day.before(forms.preposition("on"), "case"), "obl"
        if tense == "Pres":
            unit = Phrase(forms.noun(draws.card(words.UNITS), "Sing"))
            return unit.before(Word("every", "every", "DET", "PronType=Tot"), "det"), "obl:unmarked"
        if chosen == 2:
            units = Phrase(forms.noun(draws.card(words.UNITS[:4]), "Plur"))
            ago = Phrase(Word("ago", "ago", "ADV"))
            return ago.before(units.before(self.number(), "nummod"), "obl:unmarked"), "advmod"
        if chosen == 3:
            year = str(1950 + draws.pick(range(60)))
            number = Phrase(Word(year, year, "NUM", "NumForm=Digit|NumType=Card"))
            return number.before(forms.preposition("in"), "case"), "obl"
        if chosen == 4:
            stretch = Phrase(forms.name(draws.card(words.WEEKDAYS + words.MONTHS)))
        else:
            stretch = Phrase(forms.noun(draws.card(words.PAST_UNITS), "Sing"))
        return stretch.before(Word("last", "last", "ADJ", "Degree=Pos"), "amod"), "obl:unmarked"


def _spell(sentence: Phrase) -> Phrase:
    """Write `an` where the next word asks for it."""
    for word, following in zip(sentence.words, sentence.words[1:], strict=False):
        if word.lemma == "a" and word.upos == "DET":
            word.form = forms.article(following.form)
    return sentence
