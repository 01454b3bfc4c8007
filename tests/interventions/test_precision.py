"""`precision: fast` gives the predictions of `exact`, here with bfloat16 in the place of TF32."""

import json
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.support.commands import call
from tests.support.intervened import run_intervene
from workflow_scripts.activations import cache_states
from workflow_scripts.files.artifact import METADATA_KEY, open_parquet
from workflow_scripts.files.states import read_states
from workflow_scripts.files.words import sentences
from workflow_scripts.interventions import prediction
from workflow_scripts.interventions.methods import EditTask, ablation
from workflow_scripts.interventions.prediction import (
    EditedSentence,
    Edits,
    _Intervention,
    predict_edited,
)
from workflow_scripts.interventions.subjects import edited_sentences, find_subjects
from workflow_scripts.kernels.subtokens import Subtokens
from workflow_scripts.models import precision
from workflow_scripts.models.masked_lm import MaskedLM
from workflow_scripts.models.precision import error_of_leads, leads

NUMBER = ["lemma", "upos", "Number"]


@pytest.fixture
def bfloat16(monkeypatch):
    """Let fast products be those of numbers rounded to bfloat16, on any processor."""
    own = torch.nn.functional.linear
    n_calls = []

    def rounded(x, weight, bias=None):
        n_calls.append(len(x))
        return own(x.bfloat16().float(), weight.bfloat16().float(), bias)

    @contextmanager
    def products(device):
        torch.nn.functional.linear = rounded
        try:
            yield
        finally:
            torch.nn.functional.linear = own

    monkeypatch.setattr(prediction, "fast_products", products)
    monkeypatch.setattr(precision, "RATES", {"cpu": "high"})
    return n_calls


def assert_certified(model, touched, layer, monkeypatch, ks):
    """`fast` equals `exact`, and would not without its certificate; return the share again."""
    d = touched[0].states.shape[1]
    neurons = np.random.default_rng(5).permutation(d)
    edit = ablation.edit(EditTask(neurons, ["PL", "SG"]))
    edits = [Edits(edit, neurons, ks), Edits(edit, neurons[::-1], ks)]
    exact = predict_edited(model, touched, layer, edits)
    fast = predict_edited(model, touched, layer, edits, "fast")
    np.testing.assert_array_equal(fast.of, exact.of)
    assert exact.computed_again is None
    monkeypatch.setattr(prediction, "SAFETY", 0)
    unsure = predict_edited(model, touched, layer, edits, "fast")
    assert (np.array(unsure.of) != np.array(exact.of)).any()
    assert unsure.computed_again == 0
    return fast.computed_again


def test_on_ewt_every_word_is_that_of_exact(shared, real_words, tmp_path, bfloat16, monkeypatch):
    folder, words = shared / "models" / "minilm-en-mlm", real_words("UD_English-EWT")
    call(
        cache_states,
        model=folder,
        words=words / "test.parquet",
        layers=[4],
        subtokens=tmp_path / "subtokens.parquet",
        states=f"{tmp_path}/{{layer}}.parquet",
    )
    cached = read_states(tmp_path / "subtokens.parquet", tmp_path / "4.parquet")[::20]
    test = {s.number: s.columns for s in sentences(words / "test.parquet", NUMBER)}
    subjects, edited = find_subjects(cached, test, "Number", {"PL": None, "SG": None})
    touched = edited_sentences(cached, edited, np.zeros(len(subjects), np.int64))
    again = assert_certified(MaskedLM(folder), touched, 4, monkeypatch, [10, 100, 250])
    assert 0 < again < 0.5
    assert bfloat16


def test_a_fast_intervention_has_the_outcomes_of_an_exact_one_and_says_what_it_did(
    intervened,
    tmp_path,
    bfloat16,
    caplog,
):
    (tmp_path / "fast").mkdir()
    caplog.set_level("INFO")
    exact = run_intervene(intervened, "Number", 2, "ablation", {}, 3, tmp_path)
    assert not bfloat16
    fast = run_intervene(
        intervened, "Number", 2, "ablation", {}, 3, tmp_path / "fast", precision="fast"
    )
    assert bfloat16
    assert fast == exact
    (said,) = [r.getMessage() for r in caplog.records if r.getMessage().startswith("fast:")]
    assert "are computed again" in said
    made = [
        json.loads(open_parquet(path).metadata.metadata[METADATA_KEY])
        for path in (*tmp_path.glob("*.parquet"), *(tmp_path / "fast").glob("*.parquet"))
    ]
    shares = [one["computed_again"] for one in made if "computed_again" in one]
    assert len(shares) == len(made) / 2
    assert all(0 <= share <= 1 for share in shares)


def test_where_a_device_has_no_faster_products_fast_is_exact():
    assert not precision.is_faster("fast", torch.device("cpu"))
    assert precision.is_faster("fast", torch.device("cuda"))
    assert not precision.is_faster("exact", torch.device("cuda"))


def test_products_are_those_of_before_afterwards(monkeypatch):
    monkeypatch.setattr(precision, "RATES", {"cpu": "medium"})
    assert torch.get_float32_matmul_precision() == "highest"
    with precision.fast_products(torch.device("cpu")):
        assert torch.get_float32_matmul_precision() == "medium"
    assert torch.get_float32_matmul_precision() == "highest"


@pytest.mark.parametrize("n_columns", [2, 255, 256, 257, 1000, 1024])
def test_a_lead_is_over_the_second_largest_wherever_both_are(n_columns):
    stream = torch.Generator().manual_seed(n_columns)
    logits = torch.randn(500, n_columns, generator=stream)
    logits[0] = 1
    logits[1, [0, -1]] = 9
    largest, second = logits.topk(2).values.unbind(1)
    before = logits.clone()
    first, lead = leads(logits)
    assert torch.equal(first, logits.argmax(1))
    assert torch.equal(lead, largest - second)
    assert torch.equal(logits, before)


def test_the_error_is_of_leads_over_the_second_and_over_the_truly_largest():
    exact = torch.tensor([[4.0, 3.0, 2.0, 4.2]])
    # All logits too high by 1 is no error of a lead.
    assert error_of_leads(exact + 1, exact).item() == pytest.approx(0, abs=1e-6)
    fast = torch.tensor([[4.1, 3.0, 2.0, 2.9]])  # leads by 1.1 for 1, by 1.2 for -0.2
    assert error_of_leads(fast, exact).item() == pytest.approx(1.4)
    # What is no number says nothing of the other rows; what is without end says all.
    two = torch.cat([fast, torch.full_like(fast, torch.nan)])
    assert error_of_leads(two, torch.cat([exact, exact])).item() == pytest.approx(1.4)


@pytest.mark.parametrize("n_edits", [1, 7, 61, 122])
def test_every_edit_is_sampled_and_every_batch_is(n_edits):
    sentences = [EditedSentence(*_one_word()) for _ in range(61)]
    neurons = np.arange(4)
    edit = ablation.edit(EditTask(neurons, ["SG"]))
    edits = [Edits(edit, neurons, [0] * n_edits)]
    model = SimpleNamespace(device=torch.device("cpu"))
    intervention = _Intervention(model, sentences, 1, edits)
    pairs = np.arange(61 * n_edits)
    sample = intervention._sample(pairs)
    assert sample.sum() == n_edits
    assert set(pairs[sample] % n_edits) == set(range(n_edits))
    for batch in np.array_split(pairs, 30):
        assert intervention._sample(batch).any()


def _one_word():
    read = Subtokens(np.zeros(3, np.int32), np.array([-1, 0, -1], np.int32))
    return read, np.zeros((3, 4), np.float32), np.array([1]), np.array([0])
