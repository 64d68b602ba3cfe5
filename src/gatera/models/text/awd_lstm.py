"""AWD-LSTM: a language model with dropout in every part, and the classifier built on it.

    ids int64 [N,T] -> AWD_LSTM -> [N,T,F] -> LinearDecoder -> logits [N,T,K]       the next word, at every position
    ids int64 [N,T] -> SentenceEncoder -> features [N,3F] -> head -> logits [N,K]   one label for the text

Sources: Merity, Keskar, Socher, "Regularizing and optimizing LSTM language models" (arXiv 1708.02182); Howard, Ruder,
"Universal language model fine-tuning for text classification" (arXiv 1801.06146). Sizes and dropouts are fastai's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from gatera.core.checks import check_count, check_fraction
from gatera.models.layers import PlacewiseDropout

#: Position of each gate of torch's LSTM (input, forget, cell, output) in ONNX's order (input, output, forget, cell).
ONNX_GATES = (0, 3, 1, 2)

State = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class AwdLstmConfig:
    """Sizes and dropout probabilities (0..1) of an AWD-LSTM.

    Attributes:
        emb_sz: embedding width F; also the output width of the last layer.
        n_hid: hidden width of the other layers.
        n_layers: number of LSTM layers.
        pad: id of the padding word.
        output_p: dropout on the input of the decoder or head.
        hidden_p: dropout between two layers.
        input_p: dropout on the first layer's input.
        embed_p: dropout of whole words in the embedding.
        weight_p: dropout on the hidden-to-hidden weights of each layer.
        tie_weights: share the embedding's weights with the decoder.
        out_bias: give the decoder a bias.
    """

    emb_sz: int = 400
    n_hid: int = 1152
    n_layers: int = 3
    pad: int = 1
    output_p: float = 0.1
    hidden_p: float = 0.15
    input_p: float = 0.25
    embed_p: float = 0.02
    weight_p: float = 0.2
    tie_weights: bool = True
    out_bias: bool = True

    def __post_init__(self) -> None:
        for name in ("emb_sz", "n_hid", "n_layers"):
            check_count(name, getattr(self, name), 1)
        for name in ("output_p", "hidden_p", "input_p", "embed_p", "weight_p"):
            check_fraction(name, getattr(self, name))

    def scaled(self, drop_mult: float) -> AwdLstmConfig:
        """Return a copy with every dropout multiplied by a factor."""
        dropouts = ("output_p", "hidden_p", "input_p", "embed_p", "weight_p")
        return replace(self, **{name: getattr(self, name) * drop_mult for name in dropouts})


#: Settings of the language model, and of the classifier. Source: fastai.
LANGUAGE_MODEL = AwdLstmConfig()
CLASSIFIER = AwdLstmConfig(output_p=0.4, hidden_p=0.3, input_p=0.4, embed_p=0.05, weight_p=0.5)


class WordEmbedding(nn.Embedding):
    """An embedding that drops whole words in training, at every position: ids [N,T] -> [N,T,F]."""

    def __init__(self, vocab: int, features: int, pad: int, p: float) -> None:
        super().__init__(vocab, features, padding_idx=pad)
        self.p = p
        nn.init.uniform_(self.weight, -0.1, 0.1)  # Source: arXiv 1708.02182, section 4

    def forward(self, ids: Tensor) -> Tensor:
        """Look up."""
        if not self.training or not self.p:
            return super().forward(ids)
        kept = F.dropout(self.weight.new_ones(len(self.weight), 1), self.p)
        return F.embedding(ids, self.weight * kept, self.padding_idx)


class WeightDropLSTM(nn.Module):
    """One LSTM layer with dropout on its hidden-to-hidden weights (DropConnect).

    Args:
        n_in: input width.
        n_out: output width.
        p: probability of dropping a weight; one mask per batch.
    """

    def __init__(self, n_in: int, n_out: int, p: float) -> None:
        super().__init__()
        self.p = p
        self.lstm = nn.LSTM(n_in, n_out, batch_first=True)

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State | None]:
        """Run over [N,T,n_in] from an initial state; return [N,T,n_out] and the final state."""
        if torch.onnx.is_in_onnx_export():
            return self._onnx(x), None
        weight = F.dropout(self.lstm.get_parameter("weight_hh_l0"), self.p, self.training)
        output, (hidden, cell) = functional_call(self.lstm, {"weight_hh_l0": weight}, (x, state))
        return output, (hidden, cell)

    def _onnx(self, x: Tensor) -> Tensor:
        """Emit ONNX's own LSTM operator, because torch's export would be fixed to the length of the example."""
        size = self.lstm.hidden_size
        rows = torch.cat([torch.arange(size) + gate * size for gate in ONNX_GATES])
        parts = dict(self.lstm.named_parameters())
        bias = torch.cat([parts["bias_ih_l0"][rows], parts["bias_hh_l0"][rows]])
        inputs = (
            x.transpose(0, 1),
            parts["weight_ih_l0"][rows][None],
            parts["weight_hh_l0"][rows][None],
            bias[None],
        )
        output = torch.onnx.ops.symbolic(
            "LSTM", inputs, attrs={"hidden_size": size}, dtype=x.dtype, shape=(x.shape[1], 1, x.shape[0], size), version=14
        )  # fmt: skip
        return output.squeeze(1).transpose(0, 1)  # [T,1,N,n_out] -> [N,T,n_out]


class AWD_LSTM(nn.Module):
    """The AWD-LSTM encoder: ids int64 [N,T] -> [N,T,F].

    Args:
        vocab: number of words.
        config: sizes and dropouts.
        remembers: start each batch from the final state of the previous one (language models read a text in pieces).

    Attributes:
        watched: keep the last layer's outputs of a training batch; set by `RNNRegularizer`.
        outputs: those outputs [N,T,F] and the same after dropout; None unless `watched`.
    """

    def __init__(self, vocab: int, config: AwdLstmConfig = LANGUAGE_MODEL, remembers: bool = True) -> None:
        super().__init__()
        check_count("vocab", vocab, 1)
        self.config, self.remembers = config, remembers
        self.words = WordEmbedding(vocab, config.emb_sz, config.pad, config.embed_p)
        self.input_dropout = PlacewiseDropout(config.input_p)
        sizes = [config.emb_sz, *[config.n_hid] * (config.n_layers - 1), config.emb_sz]
        self.layers = nn.ModuleList(
            WeightDropLSTM(n_in, n_out, config.weight_p) for n_in, n_out in pairwise(sizes)
        )
        self.dropouts = nn.ModuleList(PlacewiseDropout(config.hidden_p) for _ in sizes[2:])
        self.output_dropout = PlacewiseDropout(config.output_p if remembers else 0.0)
        self.states: list[State | None] = [None] * config.n_layers
        self.watched = False
        self.outputs: tuple[Tensor, Tensor] | None = None

    def reset(self) -> None:
        """Reset the hidden state."""
        self.states = [None] * len(self.layers)

    def forward(self, ids: Tensor) -> Tensor:
        """Encode; [N,T] -> [N,T,F]."""
        if not self.remembers or (self.states[0] is not None and self.states[0][0].shape[1] != len(ids)):
            self.reset()
        read, self.states = self.read(ids, self.states)
        if not self.remembers:
            self.reset()
        return read

    def read(self, ids: Tensor, states: list[State | None]) -> tuple[Tensor, list[State | None]]:
        """Encode from given states, one per layer; return outputs [N,T,F] and the final states, detached."""
        x, after = self.input_dropout(self.words(ids)), []
        for number, layer in enumerate(self.layers):
            x, state = layer(x, states[number])
            after.append(None if state is None else (state[0].detach(), state[1].detach()))
            if number < len(self.dropouts):
                x = self.dropouts[number](x)
        dropped = self.output_dropout(x)
        if self.watched and self.training:
            self.outputs = (x, dropped)
        return dropped, after


class LinearDecoder(nn.Module):
    """Score every word of the vocabulary at each position: [N,T,F] -> logits [N,T,K].

    Args:
        encoder: the encoder, whose embedding is shared if weights are tied.
    """

    def __init__(self, encoder: AWD_LSTM) -> None:
        super().__init__()
        words = encoder.words
        self.decoder = nn.Linear(words.embedding_dim, words.num_embeddings, bias=encoder.config.out_bias)
        nn.init.uniform_(self.decoder.weight, -0.1, 0.1)
        if encoder.config.out_bias:
            nn.init.zeros_(self.decoder.bias)
        if encoder.config.tie_weights:
            self.decoder.weight = words.weight

    def forward(self, x: Tensor) -> Tensor:
        """Score."""
        return self.decoder(x)


class SentenceEncoder(nn.Module):
    """Encode a whole text as one vector, the last output, the maximum and the mean: ids [N,T] -> [N,3F].

    Args:
        encoder: reads the text in pieces of `seq_len` words; gradients do not cross pieces.
        seq_len: words in a piece.
    """

    def __init__(self, encoder: AWD_LSTM, seq_len: int = 72) -> None:
        super().__init__()
        check_count("seq_len", seq_len, 1)
        self.encoder, self.seq_len = encoder, seq_len

    def forward(self, ids: Tensor) -> Tensor:
        """Encode; padding at the end of a text has no effect."""
        words = (ids != self.encoder.config.pad).unsqueeze(-1)  # [N,T,1]
        outputs = self._read(ids)
        count = words.sum(1).clamp(min=1)  # [N,1]
        last = outputs.gather(1, (count - 1).unsqueeze(-1).expand(-1, 1, outputs.shape[2])).squeeze(1)
        largest = outputs.masked_fill(~words, float("-inf")).amax(1)
        mean = (outputs * words).sum(1) / count
        return torch.cat([last, largest, mean], dim=1)  # [N,T,F] -> [N,3F]

    def _read(self, ids: Tensor) -> Tensor:
        states: list[State | None] = [None] * len(self.encoder.layers)
        if torch.onnx.is_in_onnx_export():
            return self.encoder.read(ids, states)[0]
        pieces, kept = [], []
        for piece in ids.split(self.seq_len, dim=1):
            output, states = self.encoder.read(piece, states)
            pieces.append(output)
            if self.encoder.outputs is not None:
                kept.append(self.encoder.outputs)
        if kept:
            self.encoder.outputs = (
                torch.cat([raw for raw, _ in kept], 1),
                torch.cat([drop for _, drop in kept], 1),
            )
        return torch.cat(pieces, dim=1)


def create_language_model(vocab: int, config: AwdLstmConfig = LANGUAGE_MODEL) -> nn.Sequential:
    """Build a language model with random parameters, `Sequential(encoder, decoder)`: ids [N,T] -> logits [N,T,K]."""
    encoder = AWD_LSTM(vocab, config)
    return nn.Sequential(encoder, LinearDecoder(encoder))
