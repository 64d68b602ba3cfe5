from __future__ import annotations

import pytest
import torch

from gatera.core.errors import PretrainedError
from gatera.models.text.transformer import (
    EncoderSizes,
    PoolTokens,
    attend,
    both_ends,
    create_encoder,
    is_token,
    load_bert,
)

SIZES = EncoderSizes(vocab=30, positions=16, features=8, heads=2, wide=12, layers=2)


def test_padding_changes_nothing():
    encoder = create_encoder(SIZES).eval()
    ids = torch.tensor([[5, 6, 7]])
    padded = torch.tensor([[5, 6, 7, 0, 0]])
    with torch.no_grad():
        alone, filled = encoder(ids), encoder(padded)
    assert alone.shape == (1, 3, 8)
    torch.testing.assert_close(filled[:, :3], alone)
    assert is_token(filled)[0, :, 0].tolist() == [True, True, True, False, False]
    for pool in (PoolTokens(False), PoolTokens(True)):
        torch.testing.assert_close(pool(filled), pool(alone))


def test_a_window_takes_both_ends_of_long_texts():
    ids = torch.tensor([[1, 2, 3, 4, 5, 6], [7, 8, 9, 0, 0, 0], [1, 2, 3, 4, 5, 0]])
    assert both_ends(ids, 4, pad=0).tolist() == [[1, 2, 5, 6], [7, 8, 9, 0], [1, 2, 4, 5]]
    assert both_ends(ids, 9, pad=0).tolist() == ids.tolist()


def test_an_encoder_with_a_window_reads_what_is_cut_beforehand():
    encoder = create_encoder(SIZES, window=4).eval()
    ids = torch.tensor([[1, 2, 3, 4, 5, 6], [7, 8, 9, 0, 0, 0]])
    with torch.no_grad():
        cut = encoder(ids)
        torch.testing.assert_close(cut, encoder(both_ends(ids, 4, 0)))
    assert cut.shape == (2, 4, 8)
    assert encoder(torch.arange(1, 30)[None]).shape == (1, 4, 8)  # more than there are positions


def test_pooling_takes_mean_and_largest_of_the_tokens_alone():
    tokens = torch.tensor([[[1.0, -4.0], [3.0, -2.0], [9.0, 9.0]]])
    x = tokens * torch.tensor([[[1], [1], [0]]])
    assert PoolTokens(False)(x).tolist() == [[2.0, -3.0]]
    assert PoolTokens(True)(x).tolist() == [[2.0, -3.0, 3.0, -2.0]]


def bert_names(encoder: torch.nn.Sequential) -> dict[str, torch.Tensor]:
    """The encoder's weights under BERT's names, queries, keys and values apart."""
    theirs = {
        "words": "embeddings.word_embeddings", "places": "embeddings.position_embeddings",
        "kinds": "embeddings.token_type_embeddings", "norm": "embeddings.LayerNorm",
    }  # fmt: skip
    parts = {
        "attention.output": "attention.output.dense", "attention_norm": "attention.output.LayerNorm",
        "wide": "intermediate.dense", "narrow": "output.dense", "norm": "output.LayerNorm",
    }  # fmt: skip
    named = {}
    for name, value in encoder.state_dict().items():
        number, part = name.split(".", 1)
        part, kind = part.rsplit(".", 1)
        layer = f"encoder.layer.{int(number) - 1}"
        if number == "0":
            named[f"bert.{theirs[part]}.{kind}"] = value
        elif part == "attention.inputs":
            for piece, which in zip(value.chunk(3), ("query", "key", "value"), strict=True):
                named[f"bert.{layer}.attention.self.{which}.{kind}"] = piece
        else:
            named[f"bert.{layer}.{parts[part]}.{kind}"] = value
    return named


def test_a_bert_checkpoint_fits():
    first, second = create_encoder(SIZES).eval(), create_encoder(SIZES).eval()
    load_bert(second, bert_names(first), "a test")
    ids = torch.tensor([[3, 4, 5]])
    with torch.no_grad():
        assert second(ids).equal(first(ids))


def test_a_weight_that_is_missing_or_of_another_shape():
    encoder = create_encoder(SIZES)
    weights = bert_names(encoder)
    short = {name: value for name, value in weights.items() if "layer.1.attention.self.key.bias" not in name}
    with pytest.raises(PretrainedError) as err:
        load_bert(encoder, short, "a test")
    assert str(err.value) == (
        "the weights from a test do not belong to a BERT encoder: encoder.layer.1.attention.self.key.bias is missing."
    )
    weights["bert.embeddings.word_embeddings.weight"] = torch.zeros(3, 8)
    with pytest.raises(PretrainedError) as err:
        load_bert(encoder, weights, "a test")
    assert str(err.value) == (
        "the weights from a test do not fit: embeddings.word_embeddings.weight has another shape. "
        "Got: [3, 8]. Expected: [30, 8]."
    )


def test_sizes_are_read_from_a_bert_config():
    config = {
        "vocab_size": 30, "max_position_embeddings": 16, "hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 12,
        "num_hidden_layers": 2, "type_vocab_size": 2, "layer_norm_eps": 1e-12, "pad_token_id": 0,
    }  # fmt: skip
    assert EncoderSizes.of_bert(config) == SIZES


def test_attention_written_out_is_torchs_own():
    torch.manual_seed(0)
    queries, keys, values = (torch.randn(2, 2, 5, 4, dtype=torch.bfloat16) for _ in range(3))
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]], dtype=torch.bool)[:, None, None]
    expected = torch.nn.functional.scaled_dot_product_attention(
        *(x.float() for x in (queries, keys, values)), attn_mask=mask
    )
    torch.testing.assert_close(attend(queries, keys, values, mask).float(), expected, atol=0.03, rtol=0.03)


def test_attention_is_written_out_where_its_weights_are_few(monkeypatch):
    """In bf16 on a CPU, up to a number of bytes: two for each of [N,heads,T,T]."""
    asked = []
    original = torch.nn.functional.scaled_dot_product_attention

    def fused(*tensors, attn_mask):
        asked.append(tensors[0].dtype)
        return original(*tensors, attn_mask=attn_mask)

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", fused)
    monkeypatch.setattr("gatera.models.text.transformer.MOST_WEIGHT_BYTES", 2 * 3 * 2 * 5 * 5)
    mask = torch.ones(3, 1, 1, 5, dtype=torch.bool)
    few = [torch.randn(3, 2, 5, 4) for _ in range(3)]
    attend(*(tensor.bfloat16() for tensor in few), mask)
    assert asked == []
    attend(*few, mask)
    assert asked == [torch.float32]
    longer = [torch.randn(3, 2, 6, 4).bfloat16() for _ in range(3)]
    attend(*longer, torch.ones(3, 1, 1, 6, dtype=torch.bool))
    assert asked == [torch.float32, torch.bfloat16]
