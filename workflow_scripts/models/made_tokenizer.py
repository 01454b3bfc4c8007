"""The tokenizers of models that the project makes itself: their special tokens, in one place."""

from tokenizers import Tokenizer, processors

from workflow_scripts.models.from_transformers import PreTrainedTokenizerFast

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
"""They come first in the vocabulary, in this order."""
PAD, CLS, SEP, MASK = 0, 2, 3, 4


def with_special_tokens(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    """Return a tokenizer as a model's folder has it: each sentence between [CLS] and [SEP]."""
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", CLS), ("[SEP]", SEP)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )
