"""The embedded treebanks: well-formed trees, true agreement, and enough of every value."""

import itertools
from collections import defaultdict
from pathlib import Path

import conllu
import numpy as np
import pytest

from workflow_scripts.command import plugins
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.treebanks import generate_treebank
from workflow_scripts.treebanks.grammars import spanish_forms
from workflow_scripts.treebanks.grammars.sentence_trees import Phrase, Row, Word, rows_of
from workflow_scripts.treebanks.grammars.word_draws import distinct_sentences
from workflow_scripts.words.schemas import ud, unimorph
from workflow_scripts.words.surface import Tally, read_sentences

GRAMMARS = ("english", "spanish")

FEWEST_FORMS = {
    "english": {
        "Number": {"Sing": 100, "Plur": 100},
        "Tense": {"Pres": 100, "Past": 100},
        "UPOS": {"NOUN": 100, "VERB": 100, "ADJ": 80, "ADV": 40, "PROPN": 50},
    },
    "spanish": {
        "Number": {"Sing": 100, "Plur": 100},
        "Tense": {"Pres": 100, "Past": 100},
        "Gender": {"Masc": 100, "Fem": 100},
        "UPOS": {"NOUN": 100, "VERB": 100, "ADJ": 80, "ADV": 40, "PROPN": 40},
    },
}
"""Distinct forms that every split of the default treebank has at least, of every value."""


def write(grammar: str, folder: Path, *options: str) -> dict[str, Path]:
    paths = {split: folder / f"{grammar}-ud-{split}.conllu" for split in SPLITS}
    files = [text for split, path in paths.items() for text in (f"--{split}", str(path))]
    parser = generate_treebank.arguments()
    generate_treebank.main(parser.parse_args(["--grammar", grammar, *files, *options]))
    return paths


@pytest.fixture(scope="module", params=GRAMMARS)
def treebank(request, tmp_path_factory):
    """The name of a grammar, and the sentences of each split of the treebank that it gives."""
    paths = write(request.param, tmp_path_factory.mktemp("treebank"))
    parsed = {split: conllu.parse(path.read_text("utf-8")) for split, path in paths.items()}
    return request.param, parsed


def every_sentence(parsed):
    return [sentence for sentences in parsed.values() for sentence in sentences]


def syntactic_words(sentence):
    return [token for token in sentence if isinstance(token["id"], int)]


def surface_words(sentence):
    """Yield form and features (with UPOS) of each surface word, as the methods define them."""
    parts = {token["id"]: token for token in syntactic_words(sentence)}
    inside = set()
    for token in sentence:
        if not isinstance(token["id"], int):
            first, _, last = token["id"]
            inside |= {first, last}
            # What both parts have, be it the same value, is neither's: the pairs seen once.
            both = [{"UPOS": parts[i]["upos"], **(parts[i]["feats"] or {})} for i in (first, last)]
            yield (
                token["form"],
                {k: d[k] for d in both for k in d if (k in both[0]) != (k in both[1])},
            )
        elif token["id"] not in inside:
            yield token["form"], {"UPOS": token["upos"], **(token["feats"] or {})}


def forms_by_value(sentences, attribute):
    found = defaultdict(set)
    for sentence in sentences:
        for form, feats in surface_words(sentence):
            if attribute in feats:
                found[feats[attribute]].add(form)
    return found


def feature(token, name):
    return (token["feats"] or {}).get(name)


def agreeing_word(predicate, words):
    """Return the word of a clause that agrees with its subject: an auxiliary, else the verb."""
    for word in words:
        is_auxiliary = word["head"] == predicate["id"] and word["deprel"] in (
            "aux",
            "aux:pass",
            "cop",
        )
        if is_auxiliary and feature(word, "VerbForm") == "Fin":
            return word
    return predicate


def test_sizes_follow_the_shares(treebank):
    _, parsed = treebank
    assert [len(parsed[split]) for split in SPLITS] == [2400, 600, 1000]


def test_ids_are_consecutive_and_ranges_cover_two_words_that_follow(treebank):
    for sentence in every_sentence(treebank[1]):
        expected = 1
        for token in sentence:
            if isinstance(token["id"], int):
                assert token["id"] == expected
                expected += 1
            else:
                assert token["id"] == (expected, "-", expected + 1)
        assert expected > sentence[-1]["id"]


def test_every_sentence_is_a_tree_with_one_root(treebank):
    for sentence in every_sentence(treebank[1]):
        heads = {word["id"]: word["head"] for word in syntactic_words(sentence)}
        assert list(heads.values()).count(0) == 1
        assert {head for head in heads.values() if head} <= set(heads)
        for word in syntactic_words(sentence):
            assert (word["deprel"] == "root") == (word["head"] == 0)
            position, steps = word["id"], 0
            while position:
                position, steps = heads[position], steps + 1
                assert steps <= len(heads), "a cycle"


def test_text_comment_is_what_the_tokens_say(treebank):
    for sentence in every_sentence(treebank[1]):
        text, covered = "", 0
        for token in sentence:
            if isinstance(token["id"], int):
                if token["id"] <= covered:
                    assert not token["misc"]
                    continue
            else:
                covered = token["id"][2]
            glued = (token["misc"] or {}).get("SpaceAfter") == "No"
            text += token["form"] + ("" if glued else " ")
        assert text.strip() == sentence.metadata["text"]


def test_no_sentence_occurs_twice_in_the_treebank(treebank):
    sentences = every_sentence(treebank[1])
    assert len({s.metadata["text"].lower() for s in sentences}) == len(sentences) == 4000
    assert len({s.metadata["sent_id"] for s in sentences}) == len(sentences)


def test_sentences_have_four_to_twenty_words_and_begin_with_a_capital(treebank):
    for sentence in every_sentence(treebank[1]):
        words = [word for word in syntactic_words(sentence) if word["upos"] != "PUNCT"]
        assert 4 <= len(words) <= 20
        first = words[0]["form"][0]
        assert first.isupper() or first.isdigit()


def test_features_are_sorted_and_no_form_is_empty(treebank):
    for sentence in every_sentence(treebank[1]):
        for token in sentence:
            names = list(token["feats"] or {})
            assert names == sorted(names, key=str.lower)
            assert token["form"] not in ("", "_")


def test_every_subject_agrees_with_its_verb(treebank):
    pairs = 0
    for sentence in every_sentence(treebank[1]):
        words = syntactic_words(sentence)
        for subject in words:
            if subject["deprel"].partition(":")[0] != "nsubj" or not feature(subject, "Number"):
                continue
            predicate = words[subject["head"] - 1]
            for word in {id(w): w for w in (predicate, agreeing_word(predicate, words))}.values():
                # A participle after haber never agrees: han cantado.
                if feature(word, "VerbForm") == "Part" and subject["deprel"] == "nsubj":
                    continue
                if feature(word, "Number"):
                    assert feature(word, "Number") == feature(subject, "Number"), sentence
                    pairs += 1
                if feature(word, "Person"):
                    assert feature(word, "Person") == (feature(subject, "Person") or "3"), sentence
                if (
                    word["upos"] != "VERB"
                    and feature(word, "Gender")
                    and feature(subject, "Gender")
                ):
                    assert feature(word, "Gender") == feature(subject, "Gender"), sentence
    assert pairs > 2000


def test_a_relative_clause_agrees_with_the_noun_before_it(treebank):
    pairs = 0
    for sentence in every_sentence(treebank[1]):
        words = syntactic_words(sentence)
        for pronoun in words:
            if feature(pronoun, "PronType") == "Rel" and pronoun["deprel"] == "nsubj":
                verb = words[pronoun["head"] - 1]
                number = feature(agreeing_word(verb, words), "Number")
                assert number in (None, feature(words[verb["head"] - 1], "Number")), sentence
                pairs += number is not None
    assert pairs > 50


@pytest.mark.parametrize("name", ["Number", "Gender"])
def test_determiners_and_adjectives_agree_with_their_noun(treebank, name):
    pairs = 0
    for sentence in every_sentence(treebank[1]):
        words = syntactic_words(sentence)
        for word in words:
            if word["deprel"] in ("det", "amod", "nummod") and feature(word, name):
                value = feature(words[word["head"] - 1], name)
                assert value in (None, feature(word, name)), sentence
                pairs += value is not None
    assert pairs > (5000 if treebank[0] == "spanish" else 300 if name == "Number" else -1)


def test_nouns_of_the_plural_never_follow_a_singular_article(treebank):
    alone = {"a", "an", "every", "each", "another", "cada", "un", "una"}
    for sentence in every_sentence(treebank[1]):
        words = syntactic_words(sentence)
        for word in words:
            if word["deprel"] == "det" and word["form"].lower() in alone:
                assert feature(words[word["head"] - 1], "Number") == "Sing", sentence


def test_time_adverbials_tell_the_tense(treebank):
    tense = {"yesterday": "Past", "ago": "Past", "nowadays": "Pres", "ayer": "Past"}
    tense |= {"anoche": "Past", "actualmente": "Pres", "mañana": "Fut"}
    told = 0
    for sentence in every_sentence(treebank[1]):
        words = syntactic_words(sentence)
        for word in words:
            if word["lemma"] not in tense or words[word["head"] - 1]["upos"] != "VERB":
                continue
            verb = agreeing_word(words[word["head"] - 1], words)
            # A past of haber and estar is told in the imperfect: había cantado, estaba cantando.
            is_imperfect = feature(verb, "Tense") == "Imp"
            if feature(verb, "Tense") and not is_imperfect:
                assert feature(verb, "Tense") == tense[word["lemma"]], sentence
                told += 1
    assert told > 200


@pytest.mark.parametrize("split", SPLITS)
def test_every_split_has_enough_forms_of_every_value(treebank, split):
    grammar, parsed = treebank
    for attribute, fewest in FEWEST_FORMS[grammar].items():
        found = forms_by_value(parsed[split], attribute)
        for value, n_forms in fewest.items():
            assert len(found[value]) >= n_forms, (attribute, value)


@pytest.mark.parametrize("attribute", ["Number", "Tense"])
def test_some_forms_have_both_values(treebank, attribute):
    grammar, parsed = treebank
    first, second = {"Number": ("Sing", "Plur"), "Tense": ("Past", "Pres")}[attribute]
    found = forms_by_value(every_sentence(parsed), attribute)
    known = {
        ("english", "Number"): {"sheep", "fish", "series"},
        ("english", "Tense"): {"put", "cut", "read"},
        ("spanish", "Number"): {"crisis", "paraguas", "lunes"},
    }.get((grammar, attribute), set())
    both = {form.lower() for form in found[first]} & {form.lower() for form in found[second]}
    if (grammar, attribute) == ("spanish", "Tense"):
        known = {form for form in both if form.endswith(("amos", "imos"))}  # cantamos, vivimos
    assert len(both & known) >= 2


def test_some_forms_are_noun_and_verb_or_have_both_genders(treebank):
    grammar, parsed = treebank
    upos = forms_by_value(every_sentence(parsed), "UPOS")
    known = {"english": {"walk", "dance", "plan"}, "spanish": {"cocina", "visita", "juego"}}
    assert upos["NOUN"] & upos["VERB"] & known[grammar]
    if grammar == "spanish":
        gender = forms_by_value(every_sentence(parsed), "Gender")
        assert {"artista", "estudiantes"} <= gender["Masc"] & gender["Fem"]
        invariable = {form for s in every_sentence(parsed) for form, f in surface_words(s)
                      if f.get("UPOS") == "ADJ" and "Gender" not in f}  # fmt: skip
        assert {"grande", "felices"} <= invariable


def test_multiword_tokens_are_written_as_in_ud(treebank):
    grammar, parsed = treebank
    seen = {}
    for sentence in every_sentence(parsed):
        words = syntactic_words(sentence)
        for token in sentence:
            if not isinstance(token["id"], int):
                first = token["id"][0]
                parts = (words[first - 1]["form"].lower(), words[first]["form"])
                seen[token["form"].lower()] = parts
    if grammar == "english":
        assert {"don't", "doesn't", "didn't", "can't", "won't", "isn't", "weren't"} <= set(seen)
        assert seen["can't"] == ("ca", "n't")
        assert seen["won't"] == ("wo", "n't")
    else:
        assert seen["del"] == ("de", "el")
        assert seen["al"] == ("a", "el")
    for form, parts in seen.items():
        assert "".join(parts) == form or form in ("del", "al")


def test_contractions_are_obligatory_in_spanish_and_an_stands_before_vowels(treebank):
    for sentence in every_sentence(treebank[1]):
        text = f" {sentence.metadata['text'].lower()}"
        assert " de el " not in text
        assert " a el " not in text
        forms = [form.lower() for form, _ in surface_words(sentence)]
        for form, following in itertools.pairwise(forms):
            if treebank[0] == "english" and form in ("a", "an"):
                vowel = following[0] in "aeio8" or following.startswith(
                    ("um", "un", "ug", "hon", "hour")
                )
                assert (form == "an") == vowel, sentence


def test_lemmas_occur_with_both_values(treebank):
    """A lexicon made from the treebank can say that a word changed its value and not its lemma."""
    grammar, parsed = treebank
    for upos, attribute, wanted in (
        ("NOUN", "Number", {"Sing", "Plur"}),
        ("ADJ", "Number", {"Sing", "Plur"}),
        ("VERB", "Tense", {"Pres", "Past"}),
    ):
        values = defaultdict(set)
        for sentence in every_sentence(parsed):
            for word in syntactic_words(sentence):
                if word["upos"] == upos and feature(word, attribute):
                    values[word["lemma"]].add(feature(word, attribute))
        complete = sum(wanted <= found for found in values.values())
        if values:
            assert complete >= 0.95 * len(values)
        else:
            assert (grammar, upos) == ("english", "ADJ")


@pytest.mark.parametrize("grammar", GRAMMARS)
def test_equal_seeds_give_equal_bytes_and_other_seeds_others(grammar, tmp_path):
    def contents(folder: str, seed: int) -> list[bytes]:
        paths = write(grammar, tmp_path / folder, "--sentences", "300", "--seed", str(seed))
        return [path.read_bytes() for path in paths.values()]

    first = contents("first", 1)
    assert contents("again", 1) == first
    assert all(a != b for a, b in zip(contents("other", 2), first, strict=True))


def test_writing_leaves_only_the_three_files(tmp_path):
    paths = write("english", tmp_path, "--sentences", "50", "--shares", "2", "1", "1")
    assert sorted(tmp_path.iterdir()) == sorted(paths.values())


def test_split_sizes_add_up_and_refuse_an_empty_split():
    assert generate_treebank.split_sizes(4000, (0.6, 0.15, 0.25)) == [2400, 600, 1000]
    assert sum(generate_treebank.split_sizes(101, (1, 1, 1))) == 101
    with pytest.raises(ValueError, match="too few"):
        generate_treebank.split_sizes(2, (0.6, 0.15, 0.25))
    with pytest.raises(ValueError, match="above 0"):
        generate_treebank.split_sizes(100, (1, 0, 1))


def test_grammars_are_found_by_name_and_unknown_ones_refused():
    assert plugins.names("grammars") == sorted(GRAMMARS)
    with pytest.raises(ValueError, match="english, spanish"):
        plugins.load("grammars", "klingon")


def test_a_grammar_with_too_few_sentences_says_so():
    def make() -> list[Row]:
        return rows_of(Phrase(Word("go", "go", "VERB")).punctuate("!"))

    with pytest.raises(ValueError, match="only 1 of 2"):
        list(distinct_sentences(make, 2))


def test_a_grammar_gives_as_many_sentences_as_asked():
    stream = np.random.default_rng(0)
    assert len(list(plugins.load("grammars", "spanish").generate(25, stream))) == 25


@pytest.mark.parametrize(
    ("verb", "tense", "forms"),
    [
        ("cantar", "Pres", "canto canta cantamos cantan"),
        ("buscar", "Past", "busqué buscó buscamos buscaron"),
        ("pedir", "Past", "pedí pidió pedimos pidieron"),
        ("construir", "Past", "construí construyó construimos construyeron"),
        ("seguir", "Past", "seguí siguió seguimos siguieron"),
        ("leer", "Past", "leí leyó leímos leyeron"),
        ("hacer", "Past", "hice hizo hicimos hicieron"),
        ("traducir", "Past", "traduje tradujo tradujimos tradujeron"),
        ("conocer", "Pres", "conozco conoce conocemos conocen"),
        ("elegir", "Pres", "elijo elige elegimos eligen"),
        ("sonreír", "Fut", "sonreiré sonreirá sonreiremos sonreirán"),
        ("tener", "Fut", "tendré tendrá tendremos tendrán"),
        ("vivir", "Imp", "vivía vivía vivíamos vivían"),
    ],
)
def test_spanish_verbs_are_conjugated_as_grammars_have_them(verb, tense, forms):
    assert spanish_forms.conjugation(verb, tense) == forms.split()


@pytest.mark.parametrize(
    ("singular", "plural"),
    [("lápiz", "lápices"), ("canción", "canciones"), ("tesis", "tesis"), ("lunes", "lunes"),
     ("país", "países"), ("autobús", "autobuses"), ("reloj", "relojes"), ("mes", "meses"),
     ("inglés", "ingleses"), ("marrón", "marrones"), ("joven", "jóvenes"), ("café", "cafés")],
)  # fmt: skip
def test_spanish_plurals(singular, plural):
    assert spanish_forms.plural(singular) == plural


@pytest.mark.parametrize("grammar", GRAMMARS)
def test_every_word_has_a_lemma_and_nothing_that_a_schema_does_not_know(grammar, tmp_path):
    for path in write(grammar, tmp_path, "--sentences", "300").values():
        tally = Tally()
        list(read_sentences(path, unimorph.analyse, tally))
        assert tally.words > 100
        assert (tally.without_lemma, tally.hidden, tally.clashes) == (0, 0, {})
        for upos, features in tally.analyses:
            assert unimorph.unknown(upos, dict(features)) == []
            assert ud.unknown(upos, dict(features)) == []
