"""Tokenizers made on the spot."""

from collections import Counter


def word_piece_tokenizer(forms: list[str]):
    """A cased WordPiece tokenizer: every letter, frequent endings, and every form seen twice."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    letters = sorted({letter for form in forms for letter in form})
    endings = ["s", "ed", "ing", "er", "est", "ly", "ies", "es"]
    seen = Counter(forms)
    pieces = [
        *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
        *letters,
        *(f"##{piece}" for piece in letters + endings if len(piece) > 1 or piece.isalnum()),
        *sorted(form for form in seen if seen[form] > 1 and len(form) > 1),
    ]
    vocabulary = {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    names = ("pad", "unk", "cls", "sep", "mask")
    special = {f"{name}_token": f"[{name.upper()}]" for name in names}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)
