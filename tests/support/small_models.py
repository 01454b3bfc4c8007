"""Random models of every family, each of its own configuration, made on the spot."""

import numpy as np
import torch
from transformers import AutoConfig, AutoModelForMaskedLM

from workflow_scripts.kernels.subtokens import Subtokens

SIZES = {
    "vocab_size": 90,
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 40,
    "initializer_range": 0.3,
}
ROBERTA = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}
XLM = {
    "emb_dim": 16,
    "n_layers": 3,
    "n_heads": 2,
    "n_words": 90,
    "embed_init_std": 0.3,
    "init_std": 0.3,
}
GROUPS = ("q", "k", "v", "post_attention", "intermediate", "output")
BART = {
    "d_model": 16,
    **{
        f"{part}_{size}": n
        for part in ("encoder", "decoder")
        for size, n in {"layers": 3, "attention_heads": 2, "ffn_dim": 32}.items()
    },
}
IN_PARTS = {
    "bert": {},
    "roberta": ROBERTA,
    "xlm-roberta": ROBERTA,
    "camembert": ROBERTA,
    "distilbert": {"dim": 16, "n_layers": 3, "n_heads": 2, "hidden_dim": 32},
    "electra": {"embedding_size": 8},
    "albert": {"embedding_size": 8},  # one module is every layer
    "deberta-v2": {"relative_attention": True, "pos_att_type": ["c2p", "p2c"]},
    "modernbert": {
        "global_attn_every_n_layers": 2,
        "local_attention": 8,
        "pad_token_id": 0,
        **{f"{token}_token_id": 1 for token in ("bos", "eos", "cls", "sep")},
    },
    "big_bird": {"block_size": 4, "num_random_blocks": 1},
    "data2vec-text": ROBERTA,
    "deberta": {"relative_attention": True, "pos_att_type": ["c2p", "p2c"]},
    "ernie": {},
    "esm": {"pad_token_id": 1, "mask_token_id": 4},
    "esmc": {},
    "eurobert": {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "mask_token_id": 3},
    "gte": {},
    "ibert": ROBERTA,
    "jina_embeddings_v3": {},
    "layoutlm": {},
    "longformer": {"attention_window": 8, "pad_token_id": 1},  # pads to the window
    "luke": {"entity_vocab_size": 10, "entity_emb_size": 8},
    "megatron-bert": {},
    "mobilebert": {"embedding_size": 16, "intra_bottleneck_size": 8, "true_hidden_size": 8},
    "mpnet": {"pad_token_id": 1},
    "nomic_bert": {},
    "rembert": {"input_embedding_size": 8, "output_embedding_size": 8},
    "roberta-prelayernorm": ROBERTA,
    "roformer": {"embedding_size": 16},
    "tapas": {},
    "xlm-roberta-xl": ROBERTA,
    "xmod": {"languages": ["en_XX"], "default_language": "en_XX", "pad_token_id": 1},
}
ONE_BY_ONE = {
    "convbert": {"embedding_size": 16},
    "fnet": {},
    "nystromformer": {},
    "yoso": {},
}
WITH_HOOK = {
    "xlm": XLM,
    "flaubert": XLM,
    "squeezebert": {"embedding_size": 16, **{f"{group}_groups": 2 for group in GROUPS}},
}
REFUSED = {
    "bart": BART,
    "reformer": {
        "attn_layers": ["local"] * 3,
        "axial_pos_embds": False,
        "attention_head_size": 8,
        "feed_forward_size": 32,
        "local_attn_chunk_length": 8,
        "is_decoder": False,
    },
}
FAMILIES = IN_PARTS | ONE_BY_ONE | WITH_HOOK | REFUSED


def save_random_model(family, folder, **changes):
    """Save a random model of a family: 3 layers, 16 neurons, 40 positions, 90 subtokens."""
    torch.manual_seed(1)
    config = AutoConfig.for_model(family, **SIZES | FAMILIES[family] | changes)
    model = AutoModelForMaskedLM.from_config(config)
    for weights in model.parameters():
        # Norms and biases that do something; the vocabulary's would leave one arg max.
        if weights.dim() == 1 and len(weights) != config.vocab_size:
            weights.data += 0.3 * torch.randn_like(weights)
    model.save_pretrained(folder)


def random_sentences(lengths=(9, 4, 12)):
    stream = np.random.default_rng(2)
    return [
        Subtokens(stream.integers(5, 90, n).astype(np.int32), np.arange(n, dtype=np.int32))
        for n in lengths
    ]


def whole(folder, sentences):
    """Hidden states [(s, d)] and arg max (s,) of the plain model on each sentence alone."""
    model = AutoModelForMaskedLM.from_pretrained(folder).eval()
    found = []
    for sentence in sentences:
        ids = torch.tensor(sentence.ids[None], dtype=torch.long)
        with torch.no_grad():
            output = model(ids, output_hidden_states=True)
        found.append(([h[0] for h in output.hidden_states], output.logits[0].argmax(-1)))
    return found


def above(model, states, batch, layer):
    """What the LM head reads, (b, s, d), of every subtoken."""
    last = model.upper(states, batch, layer, torch.arange(batch.ids.numel()))
    return last.view(*batch.ids.shape, -1)


def assert_close(a, b):
    assert torch.linalg.norm(a - b) <= 1e-5 * torch.linalg.norm(b)
