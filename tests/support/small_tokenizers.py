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


BYTES = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
PIECES = ("<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]")


def byte_level_tokenizer(sentences: list[list[str]]):
    """A byte-level BPE tokenizer as RoBERTa's and ModernBERT's: a space marks a word's start."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=500,
        special_tokens=list(BYTES),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator((" ".join(forms) for forms in sentences), trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return _wrapped(tokenizer, "<pad>", "<unk>", "<s>", "</s>", "<mask>")


def unigram_tokenizer(sentences: list[list[str]], roberta: bool):
    """A Unigram tokenizer as XLM-R's and CamemBERT's, or ALBERT's and DeBERTa-v3's: `▁` marks."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    )
    tokenizer.decoder = decoders.Metaspace()
    names = BYTES if roberta else PIECES
    trainer = trainers.UnigramTrainer(
        vocab_size=300, special_tokens=list(names), unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator((" ".join(forms) for forms in sentences), trainer)
    start, end = ("<s>", "</s>") if roberta else ("[CLS]", "[SEP]")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}",
        special_tokens=[(name, names.index(name)) for name in (start, end)],
    )
    return _wrapped(tokenizer, "<pad>", "<unk>", start, end, names[-1])


def _wrapped(tokenizer, pad: str, unk: str, cls: str, sep: str, mask: str):
    from transformers import PreTrainedTokenizerFast

    special = {"pad": pad, "unk": unk, "cls": cls, "sep": sep, "mask": mask}
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, **{f"{name}_token": token for name, token in special.items()}
    )
