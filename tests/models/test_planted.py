"""Facts about compiled models: their closed forms, by a plain BERT and plain loops.

Each form is a sentence of its own here, `[CLS] form [SEP]`: no state depends on another word.
"""

import json
from collections import Counter, defaultdict
from itertools import chain
from math import log2

import numpy as np
import pytest
import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

from tests.support.commands import call
from tests.support.treebank_files import block, keep, read_text, row, words_of
from workflow_scripts import InputError
from workflow_scripts.files.words import sentences
from workflow_scripts.interventions.edits import draw_donors
from workflow_scripts.interventions.methods import EditTask, mean, resample, steer, translation
from workflow_scripts.kernels.planted import NO_VALUE, Forms, Knobs, plant
from workflow_scripts.models import compile_model
from workflow_scripts.models.lexemes import read_lexemes
from workflow_scripts.models.reading import Reader

KNOBS = {
    **{"attribute": "Number", "used": 5, "decoys": [0.02, 0.05, 0.1, 0.2], "noise": 16},
    **{"layers": 3, "xor": False, "rotate": 0, "correlated": False},
}
KINDS = {
    "plain": {},
    "redundant": {"used": 9, "decoys": []},
    "rotated": {"rotate": 4},
    "xor": {"xor": True},
    "correlated": {"correlated": True},
    "many values": {"attribute": "Part of Speech", "used": 3},
}


class Compiled:
    """A compiled model, its truth, and the words that it is made of."""

    def __init__(self, words, folder, **knobs):
        given = KNOBS | knobs
        attributes = keep(words, 20)
        options = words_of(words) | {"attributes": attributes, "compile": json.dumps(given)}
        call(compile_model, **options, seed=1, model=folder)
        self.folder, self.words = folder, words
        self.truth = json.loads((folder / "truth.json").read_text())
        self.model = AutoModelForMaskedLM.from_pretrained(folder).eval()
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.rows = self.model.bert.embeddings.word_embeddings.weight.detach().double().numpy()
        self.values, self.d = self.truth["values"], self.rows.shape[1]
        self.ids = self.tokenizer.get_vocab()
        self.n_layers = given["layers"]
        self.attribute = given["attribute"]
        columns = ["form", "lemma", "upos", self.attribute]
        self.training = [
            word
            for sentence in sentences(words / "train.parquet", columns)
            for word in zip(*(sentence.columns[name] for name in columns), strict=True)
        ]

    def labelled(self):
        """Yield the id of each training word with a value, and the index of the value."""
        for form, _, _, value in self.training:
            if value in self.values:
                yield self.ids[form], self.values.index(value)

    def means(self):
        """Return q_z (v, d): the mean of the training words of each value."""
        rows = defaultdict(list)
        for i, z in self.labelled():
            rows[z].append(self.rows[i])
        return np.array([np.mean(rows[z], axis=0) for z in range(len(self.values))])

    @torch.no_grad()
    def logits(self, states, layer):
        """Run on from states (n, d) at a layer; what the LM head gives, (n, V)."""
        hidden = torch.from_numpy(np.asarray(states)).float()[:, None]
        for one in self.model.bert.encoder.layer[layer:]:
            hidden = one(hidden)
            hidden = hidden[0] if isinstance(hidden, tuple) else hidden
        return self.model.cls(hidden)[:, 0]

    def predicted(self, states, layer):
        return self.logits(states, layer).argmax(1).numpy()

    def forms(self):
        """The ids of all forms."""
        return np.arange(self.truth["special_tokens"], len(self.rows))


@pytest.fixture(scope="module")
def compiled(small_treebank, tmp_path_factory):
    """`compiled(kind)` is the model of one of `KINDS`."""
    made = {}

    def one(kind):
        if kind not in made:
            folder = tmp_path_factory.mktemp("compiled") / "model"
            made[kind] = Compiled(small_treebank / "words", folder, **KINDS[kind])
        return made[kind]

    return one


@pytest.mark.parametrize("kind", KINDS)
def test_every_form_is_one_subtoken_is_its_own_row_at_every_layer_and_is_given_back(kind, compiled):
    of = compiled(kind)
    assert of.rows.mean(1) == pytest.approx(0, abs=1e-7)
    assert of.rows.std(1) == pytest.approx(1, abs=1e-6)
    assert len(np.unique(of.rows.round(4), axis=0)) == len(of.rows)
    forms = [form for form, i in of.ids.items() if i >= of.truth["special_tokens"]]
    every = {w for s in ("train", "dev", "test") for w in forms_of(of.words / f"{s}.parquet")}
    assert set(forms) == every
    for form in forms[:200]:
        ids = of.tokenizer([[form]], is_split_into_words=True, return_tensors="pt")
        assert ids["input_ids"][0].tolist() == [2, of.ids[form], 3]
        with torch.no_grad():
            found = of.model(**ids, output_hidden_states=True)
        for states in found.hidden_states:
            assert states[0, 1].numpy() == pytest.approx(of.rows[of.ids[form]], abs=2e-6)
        assert found.logits[0, 1].argmax() == of.ids[form]
    assert (of.predicted(of.rows[of.forms()], of.n_layers) == of.forms()).all()
    # As the workflow reads them.
    assert Reader(of.folder).read_alone(forms) == [[of.ids[form]] for form in forms]


def forms_of(path):
    return {form for sentence in sentences(path, ["form"]) for form in sentence.columns["form"]}


@pytest.mark.parametrize("kind", KINDS)
def test_the_truth_has_the_information_of_every_neuron_by_counting(kind, compiled):
    of = compiled(kind)
    words = list(of.labelled())
    for neuron, told in enumerate(of.truth["mutual_information"]):
        joint = Counter((round(of.rows[i, neuron], 4), z) for i, z in words)
        level, value = Counter(), Counter()
        for (x, z), n in joint.items():
            level[x] += n
            value[z] += n
        n_all = len(words)
        mi = sum(n / n_all * log2(n * n_all / (level[x] * value[z])) for (x, z), n in joint.items())
        assert told == pytest.approx(mi, abs=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_the_kinds_of_neurons_are_all_neurons_and_meet_nowhere(kind, compiled):
    truth = compiled(kind).truth
    decoys = [neuron for decoy in truth["decoys"] for neuron in decoy["neurons"]]
    parts = [truth["used"], truth["twins"], decoys, truth["cell"], truth["noise"]]
    assert sorted(chain(*parts)) == list(range(compiled(kind).d))
    assert truth["encoded"] == sorted(truth["used"] + truth["twins"] + decoys)
    assert sorted(chain(*truth["copies"])) == truth["used"]
    assert len(truth["copies"]) == truth["compile"]["used"]
    assert truth["read"] == sorted([*truth["used"], *truth["cell"][::2]])


def test_a_used_neuron_its_twin_and_the_decoys_tell_as_much_as_they_are_right(compiled):
    of = compiled("plain")
    told = np.array(of.truth["mutual_information"])
    assert told[of.truth["twins"]] == pytest.approx(told[of.truth["used"]], abs=1e-12)
    of_decoys = [told[decoy["neurons"]].mean() for decoy in of.truth["decoys"]]
    assert of_decoys == sorted(of_decoys, reverse=True)
    assert min(told[of.truth["used"]]) > of_decoys[1]
    assert max(told[of.truth["noise"]]) < 0.1 * min(told[of.truth["used"]])


@pytest.mark.parametrize("kind", KINDS)
def test_at_the_last_layer_no_change_of_unread_neurons_changes_a_bit_of_a_logit(kind, compiled):
    of = compiled(kind)
    states = of.rows[of.forms()[:100]]
    unread = np.setdiff1d(np.arange(of.d), of.truth["read"])
    changed = states.copy()
    changed[:, unread] = np.random.default_rng(1).normal(0, 7, (len(states), len(unread)))
    assert torch.equal(of.logits(changed, of.n_layers), of.logits(states, of.n_layers))


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_below_it_none_changes_a_prediction_while_its_sum_is_less_than_the_width(layer, compiled):
    of = compiled("plain")
    forms = of.forms()[:200]
    states = of.rows[forms]
    unread = np.setdiff1d(np.arange(of.d), of.truth["read"])
    change = np.random.default_rng(2).normal(0, 3, (len(states), len(unread)))
    total = change.sum(1, keepdims=True)
    for wanted in (0.9, -0.9):
        moved = states.copy()
        moved[:, unread] += change + (wanted * of.d - total) / len(unread)
        assert (of.predicted(moved, layer) == forms).all()


def counterparts(of):
    """(id, value, id of the counterpart) of forms coded as they are, whose counterpart is too."""
    sign_of_cell = of.rows[:, of.truth["cell"]].round(4)
    coded = defaultdict(dict)
    for form, _, _, value in of.training:
        if value in of.values:
            i = of.ids[form]
            z = of.values.index(value)
            coded[sign_of_cell[i].tobytes()].setdefault(z, set()).add(i)
    for by_value in coded.values():
        for z, ids in by_value.items():
            there = by_value.get((z + 1) % len(of.values), set())
            if len(ids) == len(there) == 1:
                yield *ids, z, *there


@pytest.mark.parametrize("kind", ["plain", "redundant"])
@pytest.mark.parametrize("layer", [0, 3])
def test_translation_moves_no_word_by_less_than_half_of_the_copies_and_all_by_enough(
    kind, layer, compiled
):
    of = compiled(kind)
    q = of.means()
    r = of.truth["compile"]["used"]
    order = [neuron for copy in of.truth["copies"] for neuron in copy]
    pairs = [pair for pair in counterparts(of) if is_coded_as(of, pair)]
    assert len(pairs) > 50
    error = sum(of.truth["other_value"].values())
    enough = r / (2 - 2 * error)
    if layer < of.n_layers:  # the LayerNorm that follows takes some of what was added off again
        enough /= 1 - r / of.d
    reached = set()
    for j in range(r + 1):
        for i, z, counterpart in pairs:
            state = of.rows[i].copy()
            changed = order[:j]
            state[changed] += (q[(z + 1) % 2] - q[z])[changed]
            (found,) = of.predicted(state[None], layer)
            if j < r / 2:
                assert found == i
            elif j > enough:
                assert found == counterpart
                reached.add(j)
    assert reached


def is_coded_as(of, pair):
    """Whether both forms of a pair have the signs of the values that they were met with."""
    i, z, other = pair
    used = of.truth["used"]
    sign = 2 * np.array([z, (z + 1) % 2]) - 1
    return (of.rows[[i, other]][:, used] == sign[:, None]).all()


def test_no_word_without_all_copies_ablated_is_another(compiled):
    """Nor words without a value, whose copies have any signs."""
    of = compiled("plain")
    for j in range(of.truth["compile"]["used"]):
        states = of.rows[of.forms()].copy()
        states[:, [neuron for copy in of.truth["copies"][:j] for neuron in copy]] = 0
        for layer in (0, 3):
            assert (of.predicted(states, layer) == of.forms()).all()


def edited_rows(of, edit, forms, labels, k):
    """The rows of forms under an edit of the first k of the used neurons, which come first."""
    order = of.truth["used"][:k]
    changed = of.rows[forms].copy()
    changed[:, order] = (edit.scale * changed + edit.shift[labels])[:, order]
    return changed


@pytest.mark.parametrize("layer", [0, 3])
def test_steering_to_a_value_is_translation_of_the_words_of_the_other(layer, compiled):
    of = compiled("plain")
    d, used = of.d, of.truth["used"]
    neurons = np.array([*used, *np.setdiff1d(np.arange(d), used)])
    task = EditTask(neurons, of.values, of.means)
    pairs = [pair for pair in counterparts(of) if is_coded_as(of, pair)]
    for to, value in enumerate(of.values):
        own = np.array([i for i, z, _ in pairs if z != to])
        others = np.array([other for _, z, other in pairs if z != to])
        labels = np.full(len(own), 1 - to)
        steered = steer.edit(task, to=value, beta=1, scaled=False)
        moved = translation.edit(task, beta=1, scaled=False)
        for k in range(len(used) + 1):
            rows = [edited_rows(of, edit, own, labels, k) for edit in (steered, moved)]
            np.testing.assert_array_equal(*rows)
        assert (of.predicted(rows[0], layer) == others).all()
        # Words that have the value, which the method leaves, would not move either.
        same = edited_rows(of, steered, others, np.full(len(others), to), len(used))
        assert (of.predicted(same, layer) == others).all()


@pytest.mark.parametrize("layer", [0, 3])
def test_the_mean_of_all_copies_moves_words_of_the_rarer_value_and_no_other(layer, compiled):
    of = compiled("plain")
    used = of.truth["used"]
    neurons = np.array([*used, *np.setdiff1d(np.arange(of.d), used)])
    counts = np.bincount([z for _, z in of.labelled()])
    assert len(set(counts)) == 2
    edit = mean.edit(EditTask(neurons, of.values, of.means, lambda: counts))
    rarer = int(counts.argmin())
    pairs = [pair for pair in counterparts(of) if is_coded_as(of, pair)]
    seen = Counter()
    for i, z, counterpart in pairs:
        changed = edited_rows(of, edit, np.array([i]), np.array([z]), len(used))
        assert of.predicted(changed, layer) == (counterpart if z == rarer else i)
        fewer = edited_rows(of, edit, np.array([i]), np.array([z]), (len(used) - 1) // 2)
        assert of.predicted(fewer, layer) == i
        seen[z] += 1
    assert min(seen.values()) > 20


@pytest.mark.parametrize("layer", [0, 3])
def test_neurons_of_a_word_of_the_same_value_move_none_and_of_the_other_value_all(layer, compiled):
    """Among words that are coded as they are (ε = 0)."""
    of = compiled("plain")
    used = of.truth["used"]
    pairs = [pair for pair in counterparts(of) if is_coded_as(of, pair)]
    own, labels = (np.array(column) for column in zip(*((i, z) for i, z, _ in pairs), strict=True))
    for same in (True, False):
        donors = draw_donors(labels, labels, same, np.random.default_rng(1))
        task = EditTask(np.arange(of.d), of.values, donors=lambda _, d=donors: of.rows[own[d]])
        edit = resample.edit(task, same=same)
        changed = edited_rows(of, edit, own, np.arange(len(own)), len(used))
        expected = own if same else np.array([other for *_, other in pairs])
        assert (of.predicted(changed, layer) == expected).all()


def test_of_several_values_a_copy_has_a_sign_a_digit_and_moves_words_as_a_whole(compiled):
    of = compiled("many values")
    n_bits = (len(of.values) - 1).bit_length()
    assert n_bits > 1
    assert [len(copy) for copy in of.truth["copies"]] == [n_bits] * 3
    own = {form: Counter() for form, *_ in of.training}
    for form, _, _, value in of.training:
        own[form][value] += 1
    for form, counted in own.items():
        if len(counted) == 1 and (value := next(iter(counted))) in of.values:
            signs = of.rows[of.ids[form], of.truth["copies"][0]]
            number = of.values.index(value)
            digits = {2 * (number >> bit & 1) - 1 for bit in range(n_bits)}
            assert set(signs) == digits


def test_of_a_product_no_single_neuron_tells_and_two_tell_all(compiled):
    of = compiled("xor")
    told = np.array(of.truth["mutual_information"])
    assert told[of.truth["used"]].max() < 0.1
    assert [len(copy) for copy in of.truth["copies"]] == [2] * 5
    for copy in of.truth["copies"]:
        product = of.rows[:, copy].prod(1)
        right = [product[i] == 2 * z - 1 for i, z in of.labelled()]
        assert np.mean(right) == pytest.approx(1 - of.truth["other_analysis"], abs=0.12)
    # A word and its counterpart differ in one of the two.
    assert compiled("plain").truth["mutual_information"] != of.truth["mutual_information"]


def test_of_a_rotated_copy_each_neuron_of_its_block_tells_some_and_none_all(compiled):
    of, plain = compiled("rotated"), compiled("plain")
    told = np.array(of.truth["mutual_information"])
    assert [len(copy) for copy in of.truth["copies"]] == [4] * 5
    assert len(of.truth["used"]) == 20
    # A word has one of 16 rows in a block, so what is counted is more than a linear probe can tell;
    # each neuron's correlation with the value is what the rotation leaves of it.
    y = np.array([2 * z - 1 for _, z in of.labelled()])
    x = of.rows[[i for i, _ in of.labelled()]]
    one = plain.rows[[i for i, _ in plain.labelled()]][:, plain.truth["used"][0]]
    whole = abs(np.corrcoef(one, y)[0, 1])
    for copy in of.truth["copies"]:
        each = np.array([abs(np.corrcoef(x[:, neuron], y)[0, 1]) for neuron in copy])
        assert each.max() < whole
        assert np.sqrt((each**2).sum()) > 0.8 * whole
    assert told[of.truth["used"]].min() > 0


def test_decoys_are_wrong_as_often_as_they_say_and_in_the_same_forms_where_asked():
    forms = Forms(np.arange(20000) // 2, np.arange(20000) % 2, 2)
    wrong = {}
    for correlated in (False, True):
        knobs = Knobs(used=1, decoys=(0.05, 0.2), noise=0, correlated=correlated)
        planted = plant(forms, knobs, np.random.default_rng(3))
        sign = 2.0 * forms.values - 1
        wrong[correlated] = [planted.rows[:, pair[0]] != sign for pair in planted.decoys]
        for p, found in zip(knobs.decoys, wrong[correlated], strict=True):
            assert found.mean() == pytest.approx(p, abs=0.01)
    few, many = wrong[True]
    assert not (few & ~many).any()
    few, many = wrong[False]
    assert (few & many).mean() == pytest.approx(0.01, abs=0.005)


def test_a_form_is_its_most_frequent_analysis_in_training_and_else_at_all(tmp_path):
    def sg(word_id, form, lemma=None):
        return row(word_id, form, "NOUN", "Number=Sing", lemma)

    def pl(word_id, form, lemma=None):
        return row(word_id, form, "NOUN", "Number=Plur", lemma)

    train = block(sg(1, "cat"), pl(2, "cats", "cat"), pl(3, "fish"), pl(4, "fish"), sg(5, "fish"))
    train += block(pl(1, "kats", "cat"), pl(2, "cats", "cat"), row(3, "the", "DET"))
    train += block(sg(1, "x", "_"), pl(2, "xs", "_"))
    dev = block(sg(1, "fish"), sg(2, "fish"), sg(3, "fish"), sg(4, "new"), pl(5, "new"))
    words = read_text(
        tmp_path, train=train, dev=dev + block(pl(1, "new")), test=block(sg(1, "cat"))
    )
    paths = [words / f"{split}.parquet" for split in ("train", "dev", "test")]
    found = read_lexemes(paths[0], paths[1:], "Number", ["PL", "SG"])
    value = dict(zip(found.forms, found.coded.values.tolist(), strict=True))
    cell = dict(zip(found.forms, found.coded.cells.tolist(), strict=True))
    assert value == {
        "fish": 0,
        "cats": 0,
        "cat": 1,
        "kats": 0,
        "the": NO_VALUE,
        "x": 1,
        "xs": 0,
    } | {"new": 0}
    assert cell["cat"] == cell["cats"] != cell["kats"]
    assert cell["x"] != cell["xs"]  # no lemma is no lexeme
    assert len(set(cell.values())) == len(cell) - 1
    assert found.forms[0] == "fish"
    counted = dict(zip(found.forms, found.counts.tolist(), strict=True))
    assert counted["fish"] == [2, 1]
    assert counted["new"] == [0, 0]
    assert (found.n_other, found.n_words) == (1, 10)


def test_two_models_of_one_seed_are_equal_and_others_are_not(small_treebank, tmp_path):
    def bytes_of(name, **options):
        folder = tmp_path / name
        words = small_treebank / "words"
        given = words_of(words) | {"attributes": keep(words, 20), "compile": json.dumps(KNOBS)}
        call(compile_model, **given, model=folder, **options)
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    one, same = bytes_of("one", seed=1), bytes_of("same", seed=1)
    assert one == same
    for other in (bytes_of("other", seed=2), bytes_of("copy", seed=1, copy=2)):
        assert other["model.safetensors"] != one["model.safetensors"]


def test_an_attribute_that_the_treebank_does_not_keep_is_an_error(small_treebank, tmp_path):
    words = small_treebank / "words"
    given = words_of(words) | {"attributes": keep(words, 20)}
    knobs = json.dumps(KNOBS | {"attribute": "Evidentiality"})
    with pytest.raises(InputError, match="keeps no two values of 'Evidentiality'"):
        call(compile_model, **given, compile=knobs, seed=1, model=tmp_path / "model")
