"""Tokenizers, `Numericalize` and loaders of token lists, for notebooks that take texts apart themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gatera.compat.helpers import defaults
from gatera.compat.lists import L, listify
from gatera.compat.midlevel.loaders import DataLoader
from gatera.compat.midlevel.pipeline import Transform
from gatera.core.checks import check_keywords, require
from gatera.core.errors import ArgumentError
from gatera.data.loading.list_loader import ListLoader
from gatera.program.raw.text import (
    BEGINNING,
    PADDING,
    SPECIAL_WORDS,
    UNKNOWN,
    mark_words,
    read_text,
)
from gatera.text.word_tokenizer import MAX_VOCAB, MIN_FREQ, word_splitter

BOS, PAD, UNK = BEGINNING, PADDING, UNKNOWN

#: A line break is a token of its own.
LINE = "\n"

#: Between the tokens of a text that is shown.
SPACE = " "


def mark_lines(text: str) -> str:
    """Clean each line of a text and mark its words, as `TextBlock` does with whole texts; line breaks stay."""
    return LINE.join(mark_words(read_text(line)) for line in text.split(LINE) if line.strip())


#: What the `Tokenizer` does to a text before it is split.
defaults.text_proc_rules = L([mark_lines])


@cache
def _split() -> Any:
    return word_splitter()


def _words(text: str) -> Iterator[str]:
    for number, line in enumerate(text.split(LINE)):
        if number:
            yield LINE
        yield from (word for word, _ in _split()(line))


class WordTokenizer:
    """Split texts into words and signs, as `TextBlock` does: call it with a list of texts.

    Args:
        lang: accepted for fastai's signature; the rule is the same for all languages.
    """

    def __init__(self, lang: str = "en", **keywords: Any) -> None:
        # fastai has these, and they change nothing here
        check_keywords("WordTokenizer", keywords, ("special_toks", "buf_sz"))
        self.lang = lang

    def __call__(self, items: Iterable[str]) -> Iterator[L]:
        """Yield the words of each text."""
        return (L(_words(str(text))) for text in items)


#: fastai's name for the tokenizer of its default language package.
SpacyTokenizer = WordTokenizer


class BaseTokenizer:
    """Split texts at a character."""

    def __init__(self, split_char: str = " ") -> None:
        self.split_char = split_char

    def __call__(self, items: Iterable[str]) -> Iterator[L]:
        """Yield the parts of each text."""
        return (L(text.split(self.split_char)) for text in items)


class SubwordTokenizer:
    """Split texts into parts of words, learned from texts by `setup`; needs `pip install "gatera[text]"`.

    Args:
        vocab_sz: number of different parts.
        keywords: accepted for fastai's signature: `max_vocab_sz`, `special_toks`, `char_coverage`, `cache_dir`.

    Raises:
        ArgumentError: if a keyword is unknown.
    """

    def __init__(self, lang: str = "en", vocab_sz: int = 8000, **keywords: Any) -> None:
        known = ("vocab_sz", "max_vocab_sz", "special_toks", "char_coverage", "cache_dir")
        check_keywords("SubwordTokenizer", keywords, known)
        self.vocab_sz, self._tokenizer = vocab_sz, None

    def setup(self, items: Iterable[str], rules: Any = None) -> None:
        """Learn the parts."""
        parts = require("tokenizers", "text", "to split words")
        tokenizer = parts.Tokenizer(parts.models.Unigram())
        tokenizer.pre_tokenizer = parts.pre_tokenizers.Metaspace()
        trainer = parts.trainers.UnigramTrainer(
            vocab_size=self.vocab_sz, special_tokens=[*SPECIAL_WORDS], unk_token=UNKNOWN, show_progress=False
        )
        tokenizer.train_from_iterator(list(items), trainer)
        self._tokenizer = tokenizer

    def __call__(self, items: Iterable[str]) -> Iterator[L]:
        """Yield the parts of each text.

        Raises:
            ArgumentError: before `setup`.
        """
        if self._tokenizer is None:
            raise ArgumentError(
                "SubwordTokenizer has not learned its subwords yet", remedy="Call setup(texts) first."
            )
        return (L(self._tokenizer.encode(str(text)).tokens) for text in items)


#: fastai's name for it.
SentencePieceTokenizer = SubwordTokenizer


class Tokenizer(Transform):
    """Turn a text, or the text in a file, into a list of tokens that starts with "xxbos".

    Args:
        tok: splits texts: `WordTokenizer()` and the like, or their class; None for `WordTokenizer()`.
        rules: functions applied to each text before; None for `defaults.text_proc_rules`.
        text_cols: columns with the texts, where items are rows of a table; see `from_df`.
        tok_text_col: column that the tokens of a row are put into.
    """

    def __init__(
        self, tok: Any = None, rules: Any = None, *, text_cols: Any = None, tok_text_col: str = "text"
    ) -> None:
        super().__init__()
        self.tok = WordTokenizer() if tok is None else tok() if isinstance(tok, type) else tok
        self.rules = list(defaults.text_proc_rules) if rules is None else listify(rules)
        self.text_cols, self.tok_text_col = listify(text_cols), tok_text_col

    @classmethod
    def from_folder(cls, path: str | Path, tok: Any = None, rules: Any = None) -> Tokenizer:
        """Make a tokenizer of text files; nothing is written beside them."""
        return cls(tok, rules)

    @classmethod
    def from_df(
        cls, text_cols: Any, tok: Any = None, rules: Any = None, tok_text_col: str = "text"
    ) -> Tokenizer:
        """Make a tokenizer of a table's rows: it gives each row with the tokens of some columns in another.

        Args:
            text_cols: a column, or several, whose texts are joined.
            tok: as for the class.
            rules: as for the class.
            tok_text_col: column that the tokens are put into, for `attrgetter("text")` after it.
        """
        return cls(tok, rules, text_cols=text_cols, tok_text_col=tok_text_col)

    def setups(self, items: Any) -> None:
        """Let the tokenizer learn, if it does."""
        if hasattr(self.tok, "setup"):
            self.tok.setup([self._ruled(item) for item in items])

    def _ruled(self, text: Any) -> str:
        if self.text_cols:
            text = "\n".join(str(text[column]) for column in self.text_cols)
        if isinstance(text, Path):
            text = text.read_text(encoding="utf8")
        for rule in self.rules:
            text = rule(text)
        return str(text)

    def encodes(self, x: object) -> Any:
        """Return the tokens of a text; of a row, the row with its tokens."""
        tokens = L([BEGINNING, *next(iter(self.tok([self._ruled(x)])))])
        if not self.text_cols:
            return tokens
        row: Any = x
        return type(row)({**row, self.tok_text_col: tokens})

    def decodes(self, o: object) -> Any:
        """Return the tokens as one text."""
        return SPACE.join(map(str, o)) if isinstance(o, list) else o


class Numericalize(Transform):
    """Turn tokens into their positions in a vocabulary, int64 [T].

    Args:
        vocab: the tokens; None to learn them.
        min_freq: rarer tokens are unknown.
        max_vocab: largest number of tokens.
        special_toks: tokens that come first; None for "xxunk", "xxpad" and the like.
    """

    def __init__(
        self, vocab: Any = None, min_freq: int = MIN_FREQ, max_vocab: int = MAX_VOCAB,
        special_toks: Sequence[str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.min_freq, self.max_vocab = min_freq, max_vocab
        self.special_toks = SPECIAL_WORDS if special_toks is None else tuple(special_toks)
        self.vocab = None if vocab is None else L(list(vocab))
        self.o2i = {} if vocab is None else {token: place for place, token in enumerate(self.vocab or ())}

    def setups(self, items: Any) -> None:
        """Learn the tokens: special ones first, then the most frequent."""
        if self.vocab is not None or items is None:
            return
        counts = Counter[str](token for item in items for token in item)
        common = [token for token, count in counts.most_common(self.max_vocab) if count >= self.min_freq]
        self.vocab = L([*self.special_toks, *(token for token in common if token not in self.special_toks)])
        self.o2i = {token: place for place, token in enumerate(self.vocab)}

    def encodes(self, o: object) -> Any:
        """Return the positions of tokens; unknown ones have that of "xxunk"."""
        unknown = self.o2i.get(UNKNOWN, 0)
        return torch.tensor([self.o2i.get(str(token), unknown) for token in listify(o)])

    def decodes(self, o: object) -> Any:
        """Return the tokens at positions, without padding."""
        places = o.tolist() if isinstance(o, Tensor) else listify(o)
        words: list[Any] = self.vocab or []
        return L([words[place] for place in places if words[place] != PADDING])


class LMDataLoader(ListLoader):
    """Yields batches (x, y) of one stream of tokens, int64 [N,T] each; y is x one token later.

    Args:
        dataset: token positions of each text, or a data set of them.
        lens: accepted for fastai's signature.
        bs: number of streams read side by side.
        seq_len: tokens of each stream in a batch.
        keywords: as for `ListLoader`; `shuffle` mixes the texts.
    """

    def __init__(
        self, dataset: Any, lens: Any = None, bs: int = 64, seq_len: int = 72, **keywords: Any
    ) -> None:
        about_processes = ("num_workers", "cache", "pin_memory", "verbose")
        super().__init__(dataset, bs, **{k: v for k, v in keywords.items() if k not in about_processes})
        self.seq_len = seq_len
        texts = [text[0] if isinstance(text, tuple) else text for text in dataset]
        self._texts = [torch.as_tensor(text, dtype=torch.long) for text in texts]
        self._per_stream = (sum(map(len, self._texts)) - 1) // bs
        if self._per_stream < 1:
            raise ArgumentError(
                "there are too few tokens for a batch", got=sum(map(len, self._texts)), remedy="Lower bs."
            )

    def new(self, dataset: Any = None, **changes: Any) -> LMDataLoader:
        """Return a loader like this one, of other texts or with other arguments."""
        return super().new(dataset, **{"seq_len": self.seq_len, **changes})

    def __len__(self) -> int:
        """Return the number of batches."""
        return -(-self._per_stream // self.seq_len)

    def __iter__(self) -> Iterator[Any]:
        order = [self._texts[place] for place in self.positions()]
        self.epoch += 1
        stream = torch.cat(order)
        for start in range(0, self._per_stream, self.seq_len):
            length = min(self.seq_len, self._per_stream - start)
            rows = [stream[n * self._per_stream + start :][: length + 1] for n in range(self.bs)]
            block = torch.stack(rows).to(self.device)
            yield block[:, :-1], block[:, 1:]

    def one_batch(self) -> Any:
        """Return the first batch of the current epoch."""
        return next(iter(self))


class SortedDL(DataLoader):
    """`dl_type=SortedDL` puts items of like lengths into one batch, the longest first."""

    @staticmethod
    def length_of(sample: Any) -> int:
        """Return the length by which samples are sorted: that of the first field."""
        return len(sample[0] if isinstance(sample, tuple) else sample)


def pad_input(
    samples: Any, pad_idx: int = 1, pad_fields: Any = 0, pad_first: bool = False, backwards: bool = False
) -> list[Any]:  # fmt: skip
    """Fill token positions up to the longest of a batch.

    Args:
        samples: tuples of fields.
        pad_idx: what they are filled with.
        pad_fields: which fields are filled.
        pad_first: fill in front.
        backwards: reverse the tokens.
    """
    longest = {field: max(len(sample[field]) for sample in samples) for field in listify(pad_fields)}

    def filled(x: Tensor, size: int) -> Tensor:
        rest = x.new_full((size - len(x),), pad_idx)
        made = torch.cat([rest, x] if pad_first else [x, rest])
        return made.flip(0) if backwards else made

    return [
        tuple(filled(part, longest[i]) if i in longest else part for i, part in enumerate(sample))
        for sample in samples
    ]


def pad_input_chunk(samples: Any, pad_idx: int = 1, pad_first: bool = True, seq_len: int = 72) -> list[Any]:
    """Fill token positions up to the longest of a batch, in front; see `pad_input`."""
    return pad_input(samples, pad_idx, pad_first=pad_first)
