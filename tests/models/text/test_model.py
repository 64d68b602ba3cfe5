from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from gatera.core.errors import ArgumentError
from gatera.models.groups import parameter_groups
from gatera.models.text.awd_lstm import AWD_LSTM, AwdLstmConfig, SentenceEncoder, create_language_model
from gatera.models.text.model import (
    HuggingFaceEncoder,
    TextBody,
    TransformerConfig,
    awd_lstm_groups,
    is_bert,
    pad_of,
    pooled_body,
    transformer_groups,
)
from gatera.models.text.transformer import EncoderSizes, create_encoder
from gatera.models.weights.text import EncoderFiles

SIZES = EncoderSizes(vocab=30, positions=16, features=8, heads=2, wide=12, layers=2)
BERT = {"model_type": "bert", "hidden_act": "gelu", "position_embedding_type": "absolute"}


def files(**config) -> EncoderFiles:
    return EncoderFiles(Path(), config, b"", Path(), "a test")


def test_a_body_pools_what_its_layers_read():
    ids = torch.tensor([[3, 4, 0]])
    for largest, width in ((False, 8), (True, 16)):
        body = pooled_body(create_encoder(SIZES), "tiny", "random", 8, TransformerConfig(largest=largest))
        assert body(ids).shape == (1, width) and body.num_features == width


def test_pretrained_layers_learn_more_slowly_than_the_head():
    body = pooled_body(create_encoder(SIZES), "tiny", "random", 8, TransformerConfig())
    model = nn.Sequential(body, nn.Linear(8, 2))
    groups = parameter_groups(model, lambda model: transformer_groups(model, 0.04))
    assert [(group.name, group.lr_mult) for group in groups] == [
        ("embeddings", 0.04), ("layer_0", 0.04), ("layer_1", 0.04), ("head", 1.0),
    ]  # fmt: skip


def test_an_encoder_of_others_is_grouped_by_its_longest_list_of_layers():
    class Other(nn.Module):
        def __init__(self):
            super().__init__()
            self.words = nn.Embedding(9, 4)
            self.parts = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])

    body = TextBody([HuggingFaceEncoder(Other(), 0)], "other", "random", 4)
    groups = transformer_groups(nn.Sequential(body, nn.Linear(4, 2)), 1.0)
    assert [group.name for group in groups] == ["embeddings", "layer_0", "layer_1", "layer_2", "head"]


def test_the_groups_of_an_awd_lstm():
    config = AwdLstmConfig(emb_sz=4, n_hid=5, n_layers=2)
    body = TextBody([SentenceEncoder(AWD_LSTM(9, config, remembers=False))], "AWD_LSTM", "random", 12)
    model = nn.Sequential(body, nn.Linear(12, 2))
    assert [group.name for group in parameter_groups(model, awd_lstm_groups)] == [
        "embeddings",
        "layer_0",
        "layer_1",
        "head",
    ]
    language_model = create_language_model(9, config)
    assert [group.name for group in parameter_groups(language_model, awd_lstm_groups)] == [
        "layer_0",
        "layer_1",
        "words",
    ]


def test_which_encoders_have_berts_arithmetic():
    assert is_bert(files(**BERT))
    for other in (
        {"model_type": "roberta"},
        {"hidden_act": "relu"},
        {"position_embedding_type": "relative"},
        {"is_decoder": True},
    ):
        assert not is_bert(files(**(BERT | other)))


def test_what_fills_up_and_how_long_a_text_may_be():
    assert (pad_of(files(pad_token_id=3)), pad_of(files(pad_token_id=None))) == (3, 0)
    assert files(max_position_embeddings=512).longest == 512
    assert files(max_position_embeddings=514, model_type="xlm-roberta").longest == 512
    assert files().longest is None


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"dropout": 2}, "dropout must be a number in [0, 1]. Got: 2."),
        (
            {"fine_tune_layers": -1},
            "fine_tune_layers must be at least 0. Got: -1.",
        ),
        ({"max_len": 1}, "max_len must be at least 2. Got: 1."),
    ],
)
def test_settings_out_of_their_range(settings, text):
    with pytest.raises(ArgumentError) as err:
        TransformerConfig(**settings)
    assert str(err.value) == text
