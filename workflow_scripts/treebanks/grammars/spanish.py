"""Spanish: a grammar of everyday sentences, with features as Spanish-AnCora annotates them.

Determiners, adjectives and passive participles agree with their noun in gender and number, verbs
with their subject in person and number. Words like `grande` have no gender, `crisis` has one form
for both numbers, `artista` one for both genders, `cantamos` one for present and past.
"""

from collections.abc import Iterator

import numpy as np

from workflow_scripts.treebanks.grammars import spanish_forms as forms
from workflow_scripts.treebanks.grammars import spanish_words as words
from workflow_scripts.treebanks.grammars.sentence_trees import Phrase, Row, Word, features, rows_of
from workflow_scripts.treebanks.grammars.spanish_times import time_adverbial
from workflow_scripts.treebanks.grammars.word_draws import Draws, distinct_sentences

SHORTEST, LONGEST = 4, 20  # words in a sentence, punctuation apart

TENSES = ("Pres",) * 7 + ("Past",) * 7 + ("Fut",) * 4 + ("Imp",) * 2
FRAMES = (
    *(("act",) * 8 + ("handle",) * 12 + ("consume",) * 5 + ("meet",) * 7 + ("reach",) * 4),
    *(("move",) * 4 + ("compose",) * 5 + ("plan",) * 4 + ("occur",) * 4 + ("claim",) * 4),
    *(("wish",) * 3 + ("intend",) * 3 + ("quality",) * 7 + ("identity",) * 3),
    *(("comparison",) * 2 + ("passive",) * 4 + ("existence",) * 3),
)
PLAIN_FRAMES = ("act", "handle", "consume", "meet", "reach", "move", "compose", "plan")
"""Frames of a verb with at most an object: what relative clauses, questions and commands use."""
JOINING = ("porque", "cuando", "mientras", "aunque")
TRANSITIVE = ("handle", "consume", "reach", "compose", "plan")
"""Frames whose object is no person: it takes no `a` and may be a clitic."""
PEOPLE = frozenset(lemma for lemma, _ in words.NOUNS["person"])
PROFESSIONS = tuple(noun for noun in words.NOUNS["person"] if noun[1] in ("Pair", "Both"))


def generate(n_sentences: int, stream: np.random.Generator) -> Iterator[list[Row]]:
    """Yield `n_sentences` Spanish sentences of different texts, the same for equal streams."""
    spanish = _Spanish(Draws(stream))
    return distinct_sentences(spanish.sentence, n_sentences)


class _Spanish:
    """One treebank's worth of Spanish: the draws, and the rules that use them."""

    def __init__(self, draws: Draws) -> None:
        self.draws = draws
        self.tense = "Pres"
        """The tense of the sentence, which most relative clauses take too."""

    # Sentences

    def sentence(self) -> list[Row]:
        """Return the rows of one sentence of a length that is allowed."""
        while True:
            self.tense = self.draws.pick(TENSES)
            kind = self.draws.pick(("statement",) * 20 + ("question",) * 3 + ("command",))
            phrase = getattr(self, kind)(self.tense)
            if SHORTEST <= phrase.n_words() <= LONGEST:
                return rows_of(_spell(phrase))

    def statement(self, tense: str) -> Phrase:
        draws = self.draws
        clause = self.clause(tense)
        second = draws.pick(range(10))
        if second == 0:
            joined = draws.pick(JOINING if tense != "Fut" else ("porque", "aunque"))
            other = self.clause(tense).before(forms.simple(joined, "SCONJ"), "mark")
            clause.after(other, "advcl")
        elif second == 1:
            joined = draws.pick(("y", "pero"))
            other = self.clause(tense).before(forms.simple(joined, "CCONJ"), "cc")
            clause.punctuate(",").after(other, "conj")
        if second > 2 and draws.chance(0.12):
            clause.introduce(*time_adverbial(draws, tense))
        elif draws.chance(0.05):
            clause.introduce(forms.simple(draws.card(words.COMMENT), "ADV"), "advmod")
        return clause.punctuate(".")

    def question(self, tense: str) -> Phrase:
        draws = self.draws
        frame = draws.pick(PLAIN_FRAMES)
        subject, agreement = self.subject(frame, short=True)
        verb = Phrase(forms.finite(draws.card(words.VERBS[frame]), tense, agreement))
        verb.after(subject, "nsubj")
        self.complete(verb, frame)
        if draws.chance(0.45):
            asked = draws.pick(("dónde", "cuándo", "cómo"))
            verb.before(forms.simple(asked, "ADV", "PronType=Int"), "advmod")
        elif draws.chance(0.5):
            verb.after(*time_adverbial(draws, tense))
        opening = forms.simple("¿", "PUNCT")
        opening.glued = True
        return verb.before(opening, "punct").punctuate("?")

    def command(self, tense: str) -> Phrase:
        del tense  # a command has none
        frame = self.draws.pick(PLAIN_FRAMES)
        verb = forms.finite(self.draws.card(words.VERBS[frame]), "Sub", ("3", "Sing", None))
        verb.feats = "Mood=Imp|Number=Sing|Person=3|VerbForm=Fin"
        clause = self.complete(Phrase(verb), frame)
        if self.draws.chance(0.3):
            return clause.punctuate(".")
        opening = forms.simple("¡", "PUNCT")
        opening.glued = True
        return clause.before(opening, "punct").punctuate("!")

    # Clauses

    def clause(self, tense: str, embedded: bool = False) -> Phrase:
        """Return subject, verb and what goes with them, without a full stop."""
        draws = self.draws
        frame = draws.pick(PLAIN_FRAMES if embedded else FRAMES)
        if frame in ("quality", "identity", "comparison", "passive", "existence"):
            return getattr(self, frame)(tense)
        subject, agreement = self.subject(frame)
        lemma = draws.card(words.VERBS[frame])
        if tense == "Sub":
            while agreement[0] != "3":  # *quiero que yo vaya
                subject, agreement = self.subject(frame)
            clause = Phrase(forms.finite(lemma, tense, agreement))
        else:
            clause = self.verb_group(lemma, agreement, tense, clitic=frame in TRANSITIVE)
        replaced = any(word.deprel == "obj" for word in clause.words)
        self.complete(clause, frame, gap=replaced, tense=tense)
        if frame not in ("claim", "wish", "intend") and tense != "Sub" and draws.chance(0.4):
            clause.after(*time_adverbial(draws, tense))
        person = agreement[0]
        # The verb's ending tells the person: the pronoun is often left out.
        if subject.head.upos == "PRON" and draws.chance(0.5 if person == "1" else 0.25):
            return clause
        return clause.before(subject, "nsubj")

    def complete(self, verb: Phrase, frame: str, gap: bool = False, tense: str = "Pres") -> Phrase:
        """Put behind a verb what its frame asks for; a `gap` leaves the object out."""
        draws = self.draws
        if frame == "claim":
            said = self.clause(tense if tense != "Sub" else "Pres", embedded=True)
            return verb.after(said.before(forms.simple("que", "SCONJ"), "mark"), "ccomp")
        if frame == "wish" and tense in ("Pres", "Fut") and draws.chance(0.6):
            wished = self.clause("Sub", embedded=True)
            return verb.after(wished.before(forms.simple("que", "SCONJ"), "mark"), "ccomp")
        if frame in ("wish", "intend"):
            inner = draws.pick(PLAIN_FRAMES)
            wished = self.infinitive(draws.card(words.VERBS[inner]), inner in TRANSITIVE)
            self.complete(wished, inner, gap=len(wished.words) > 1)
            return verb.after(wished, "xcomp")
        objects = words.ARGUMENTS[frame][1]
        if objects and not gap:
            noun, _ = self.noun_phrase(objects)
            if frame == "meet" and noun.head.lemma in PEOPLE:
                noun.before(forms.simple("a", "ADP"), "case")
            verb.after(noun, "obj")
        if frame == "move":
            there, _ = self.noun_phrase(("place",), short=True)
            toward = draws.pick(("a", "a", "a", "hasta", "hacia"))
            return verb.after(there.before(forms.simple(toward, "ADP"), "case"), "obl")
        if frame != "reach" and frame != "occur" and draws.chance(0.22):
            verb.after(forms.simple(draws.card(words.MANNER), "ADV"), "advmod")
        elif frame != "reach" and draws.chance(0.3):
            verb.after(self.place(), "obl")
        return verb

    def verb_group(
        self, lemma: str, agreement: forms.Agreement, tense: str, clitic: bool = False
    ) -> Phrase:
        """Return a verb with its auxiliaries, sometimes with its object as a clitic."""
        draws = self.draws
        kind = draws.pick(range(100))
        if kind < 74:
            phrase = Phrase(forms.finite(lemma, tense, agreement))
        elif kind < 81 and tense != "Fut":
            has = "Pres" if tense == "Pres" else "Imp"
            aux = forms.finite("haber", has, agreement, "AUX")
            phrase = Phrase(forms.participle(lemma)).before(aux, "aux")
        elif kind < 90:
            gerund = Word(forms.gerund(lemma), lemma, "VERB", "VerbForm=Ger")
            aux = forms.finite("estar", "Imp" if tense == "Past" else tense, agreement, "AUX")
            phrase = Phrase(gerund).before(aux, "aux")
        else:
            aux = forms.finite(draws.pick(("poder", "deber")), tense, agreement, "AUX")
            phrase = self.infinitive(lemma, clitic).before(aux, "aux")
            clitic = False
        if clitic and draws.chance(0.15):
            phrase.before(self.clitic(), "obj")
        if draws.chance(0.12):
            phrase.before(forms.simple("no", "ADV", "Polarity=Neg"), "advmod")
        elif draws.chance(0.1):
            phrase.before(forms.simple(draws.card(words.FREQUENCY), "ADV"), "advmod")
        return phrase

    def infinitive(self, lemma: str, clitic: bool) -> Phrase:
        """Return an infinitive, sometimes written as one token with its object (`verlo`)."""
        verb = forms.infinitive(lemma)
        phrase = Phrase(verb)
        if clitic and self.draws.chance(0.3):
            pronoun = self.clitic()
            verb.fused = lemma + pronoun.form
            phrase.after(pronoun, "obj")
        return phrase

    def clitic(self) -> Word:
        """Return an object pronoun of the third person."""
        form = self.draws.pick(("lo", "la", "los", "las"))
        gender = "Fem" if "a" in form else "Masc"
        number = "Plur" if form.endswith("s") else "Sing"
        marks = features(Case="Acc", Gender=gender, Number=number, Person="3", PronType="Prs")
        return Word(form, "él", "PRON", marks)

    def be(self, lemma: str, tense: str, agreement: forms.Agreement, predicate: Phrase) -> Phrase:
        """Put a form of `ser` or `estar` in front of a predicate, sometimes negated."""
        predicate.before(forms.finite(lemma, tense, agreement, "AUX"), "cop")
        if self.draws.chance(0.12):
            predicate.before(forms.simple("no", "ADV", "Polarity=Neg"), "advmod")
        return predicate

    def quality(self, tense: str) -> Phrase:
        kind = self.draws.pick(tuple(words.NOUNS))
        subject, agreement = self.noun_phrase((kind,))
        adjective = Phrase(self.adjective(kind, agreement))
        if self.draws.chance(0.4):
            adjective.before(forms.simple(self.draws.card(words.DEGREE), "ADV"), "advmod")
        verb = "estar" if adjective.head.lemma in words.STATES else "ser"
        # A state of the past is told in the imperfect: estaba cansada.
        tense = "Imp" if verb == "estar" and tense == "Past" else tense
        return self.be(verb, tense, agreement, adjective).before(subject, "nsubj")

    def comparison(self, tense: str) -> Phrase:
        kind = self.draws.pick(tuple(words.NOUNS))
        subject, agreement = self.noun_phrase((kind,))
        predicate = Phrase(self.adjective(kind, agreement, states=False))
        predicate.before(forms.simple(self.draws.pick(("más", "menos")), "ADV"), "advmod")
        standard, _ = self.noun_phrase((kind,), short=True)
        self.be("ser", tense, agreement, predicate).before(subject, "nsubj")
        return predicate.after(standard.before(forms.simple("que", "SCONJ"), "case"), "obl")

    def identity(self, tense: str) -> Phrase:
        subject, agreement = self.subject("claim")
        _, number, gender = agreement
        entry = self.draws.card(PROFESSIONS)
        predicate = Phrase(forms.noun(entry, gender or self.draws.pick(("Masc", "Fem")), number))
        self.be("ser", "Imp" if tense == "Past" else tense, agreement, predicate)
        return predicate.before(subject, "nsubj")

    def passive(self, tense: str) -> Phrase:
        frame = self.draws.pick(("handle", "consume", "reach", "compose", "plan"))
        agents, objects = words.ARGUMENTS[frame]
        subject, agreement = self.noun_phrase(objects)
        _, number, gender = agreement
        clause = Phrase(forms.participle(self.draws.card(words.VERBS[frame]), gender, number))
        clause.before(forms.finite("ser", tense, agreement, "AUX"), "aux:pass")
        if self.draws.chance(0.6):
            agent, _ = self.noun_phrase(agents, short=True)
            clause.after(agent.before(forms.simple("por", "ADP"), "case"), "obl:agent")
        return clause.before(subject, "nsubj:pass")

    def existence(self, tense: str) -> Phrase:
        there = forms.finite("haber", tense, ("3", "Sing", None))
        there.form = "hay" if tense == "Pres" else there.form
        kind = self.draws.pick(tuple(words.NOUNS))
        number = self.draws.pick(("Sing", "Plur"))
        noun, agreement = self.noun(kind, number)
        if number == "Plur" and self.draws.chance(0.6):
            noun.before(self.number(), "nummod")
        else:
            noun.before(forms.article("uno", agreement), "det")
        return Phrase(there).after(noun, "obj").after(self.place(), "obl")

    # Nouns and what stands around them

    def subject(self, frame: str, short: bool = False) -> tuple[Phrase, forms.Agreement]:
        """Return a subject for a frame of verbs, and what its predicate agrees with."""
        draws = self.draws
        kinds = words.ARGUMENTS[frame][0]
        chosen = draws.pick(range(100))
        if "person" not in kinds or chosen >= 40:
            return self.noun_phrase(kinds, short=short)
        if chosen < 22:
            form, person, number, gender = draws.pick(words.PERSONS)
            lemma = {"1": "yo", "3": "él"}[person]
            marks = features(
                Case="Nom", Gender=gender, Number=number, Person=person, PronType="Prs"
            )
            return Phrase(Word(form, lemma, "PRON", marks)), (person, number, gender)
        gender = draws.pick(("Masc", "Fem"))
        name = draws.card(words.MEN if gender == "Masc" else words.WOMEN)
        return Phrase(forms.simple(name, "PROPN")), ("3", "Sing", gender)

    def noun(self, kind: str, number: str) -> tuple[Phrase, forms.Agreement]:
        """Return a bare noun in a number, and what agrees with it."""
        entry = self.draws.card(words.NOUNS[kind])
        gender = entry[1] if entry[1] in ("Masc", "Fem") else self.draws.pick(("Masc", "Fem"))
        return Phrase(forms.noun(entry, gender, number)), ("3", number, gender)

    def noun_phrase(
        self, kinds: tuple[str, ...], short: bool = False
    ) -> tuple[Phrase, forms.Agreement]:
        """Return a noun with its modifiers and what agrees with it; `short`: no clause behind."""
        draws = self.draws
        kind = draws.pick(kinds)
        number = "Plur" if draws.chance(0.48) else "Sing"
        phrase, agreement = self.noun(kind, number)
        if draws.chance(0.35):
            phrase.after(self.adjective(kind, agreement), "amod")
        self.determine(phrase, agreement)
        following = draws.pick(range(100))
        if not short and following < 16:
            other, _ = self.noun_phrase(words.OF_NOUNS[kind], short=True)
            joint = forms.simple(draws.pick(words.INSIDE[kind]), "ADP")
            phrase.after(other.before(joint, "case"), "nmod")
        elif not short and following < 26:
            phrase.after(self.relative(kind, agreement), "acl:relcl")
        return phrase, agreement

    def determine(self, phrase: Phrase, agreement: forms.Agreement) -> None:
        """Put a determiner in front of a noun phrase."""
        draws = self.draws
        _, number, gender = agreement
        chosen = draws.pick(range(100))
        if chosen < 48:
            word = forms.article("el", agreement)
        elif chosen < 64:
            word = forms.article("uno", agreement)
        elif chosen < 74:
            word = forms.determiner(draws.pick(("este", "ese")), gender, number, PronType="Dem")
        elif chosen < 86:
            owner, person = draws.pick((("su", "3"), ("su", "3"), ("mi", "1")))
            form = owner + ("s" if number == "Plur" else "")
            marks = features(Number=number, Person=person, Poss="Yes", PronType="Prs")
            word = Word(form, owner, "DET", marks)
        elif number == "Sing":
            form = draws.pick(("cada", "otro"))
            if form == "otro":
                word = forms.determiner(form, gender, number, PronType="Ind")
            else:
                word = Word(form, form, "DET", "Number=Sing|PronType=Tot")
        elif chosen < 93:
            phrase.before(self.number(), "nummod")
            return
        else:
            lemma = draws.pick(("mucho", "poco", "vario", "alguno", "otro"))
            word = forms.determiner(lemma, gender, number, PronType="Ind")
        phrase.before(word, "det")

    def number(self) -> Word:
        """Return a cardinal number above one."""
        form = self.draws.card(words.NUMBERS)
        if form[0].isdigit():
            return forms.simple(form, "NUM", "NumForm=Digit|NumType=Card")
        return forms.simple(form, "NUM", "Number=Plur|NumType=Card")

    def adjective(self, kind: str, agreement: forms.Agreement, states: bool = True) -> Word:
        """Return an adjective that goes with a kind of noun; without `states`, one for `ser`."""
        common = self.draws.chance(0.25)
        while True:
            deck = words.COMMON_ADJECTIVES if common else words.ADJECTIVES[kind]
            lemma = self.draws.card(deck)
            if states or lemma not in words.STATES:
                _, number, gender = agreement
                return forms.adjective(lemma, gender, number)

    def relative(self, kind: str, agreement: forms.Agreement) -> Phrase:
        """Return a relative clause, its verb agreeing with the noun or with its own subject."""
        draws = self.draws
        tense = self.tense if draws.chance(0.8) else draws.pick(TENSES)
        pronoun = Word("que", "que", "PRON", "PronType=Rel")
        if kind in ("person", "animal"):
            frame = draws.pick(PLAIN_FRAMES) if kind == "person" else "act"
            verb = self.verb_group(draws.card(words.VERBS[frame]), agreement, tense)
            if words.ARGUMENTS[frame][1] and frame != "meet":
                verb.after(self.noun_phrase(words.ARGUMENTS[frame][1], short=True)[0], "obj")
            return verb.before(pronoun, "nsubj")
        frame = draws.pick([f for f in PLAIN_FRAMES if kind in words.ARGUMENTS[f][1]])
        subject, agreement = self.subject(frame, short=True)
        verb = self.verb_group(draws.card(words.VERBS[frame]), agreement, tense)
        return verb.before(subject, "nsubj").before(pronoun, "obj")

    def place(self) -> Phrase:
        """Return a prepositional phrase of place."""
        draws = self.draws
        if draws.chance(0.3):
            city = Phrase(forms.simple(draws.card(words.CITIES), "PROPN"))
            return city.before(forms.simple("en", "ADP"), "case")
        phrase, _ = self.noun_phrase(("place",), short=True)
        return phrase.before(forms.simple(draws.pick(("en",) * 5 + ("desde",)), "ADP"), "case")


def _spell(sentence: Phrase) -> Phrase:
    """Write `del` and `al` for `de el` and `a el`, and `e` for `y` before the sound of it."""
    for word, following in zip(sentence.words, sentence.words[1:], strict=False):
        if word.upos == "ADP" and word.form in ("de", "a") and following.form == "el":
            word.fused = word.form + "l"
        elif word.form == "y" and following.form.lower().startswith(("i", "hi")):
            word.form = "e"
    return sentence
