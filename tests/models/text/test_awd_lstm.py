from __future__ import annotations

import pytest
import torch
from torch import nn

from gatera.core.errors import ArgumentError
from gatera.models.layers import PlacewiseDropout
from gatera.models.text.awd_lstm import (
    AWD_LSTM,
    AwdLstmConfig,
    SentenceEncoder,
    WeightDropLSTM,
    WordEmbedding,
    create_language_model,
)

CONFIG = AwdLstmConfig(emb_sz=6, n_hid=8, n_layers=2)
IDS = torch.tensor([[2, 5, 6, 7, 8], [2, 9, 4, 1, 1]])


def test_it_is_plain_lstms_on_an_embedding_in_evaluation_mode():
    torch.manual_seed(0)
    encoder = AWD_LSTM(10, CONFIG).eval()
    with torch.no_grad():
        x = nn.functional.embedding(IDS, encoder.words.weight)
        for layer in encoder.layers:
            x, _ = layer.lstm(x)
        torch.testing.assert_close(encoder(IDS), x)


def test_it_goes_on_where_it_ended_until_it_is_reset():
    encoder = AWD_LSTM(10, CONFIG).eval()
    with torch.no_grad():
        whole = encoder(IDS)
        encoder.reset()
        pieces = torch.cat([encoder(IDS[:, :2]), encoder(IDS[:, 2:])], 1)
        torch.testing.assert_close(pieces, whole)
        assert not encoder(IDS).equal(whole)
        encoder.reset()
        assert encoder(IDS).equal(whole)


def test_another_batch_size_begins_anew():
    encoder = AWD_LSTM(10, CONFIG).eval()
    with torch.no_grad():
        first = encoder(IDS)
        encoder(IDS[:1])
        assert encoder(IDS).equal(first)


def test_dropout_leaves_out_the_same_numbers_at_every_place():
    torch.manual_seed(0)
    dropped = PlacewiseDropout(0.5)(torch.ones(2, 5, 40))
    assert set(dropped.unique().tolist()) == {0.0, 2.0}
    assert dropped.equal(dropped[:, :1].expand(-1, 5, -1))
    assert not dropped[0].equal(dropped[1])


def test_dropout_of_an_embedding_leaves_out_whole_words():
    torch.manual_seed(0)
    embedding = WordEmbedding(40, 3, 1, 0.5)
    rows = embedding(torch.arange(2, 40)[None])[0]
    gone = (rows == 0).all(1)
    assert 5 < int(gone.sum()) < 33
    torch.testing.assert_close(rows[~gone], 2 * embedding.weight[2:][~gone])


def test_dropped_weights_are_the_recurrent_ones_and_still_learn():
    torch.manual_seed(0)
    layer = WeightDropLSTM(3, 4, 1.0)
    x = torch.randn(1, 2, 3)
    output, _ = layer(x)
    weight = layer.lstm.weight_hh_l0
    with torch.no_grad():
        kept = weight.clone()
        weight.zero_()
        expected, _ = layer.lstm(x)
        weight.copy_(kept)
    torch.testing.assert_close(output, expected)
    half = WeightDropLSTM(3, 4, 0.5)
    half(x)[0].sum().backward()
    assert 0 < int((half.lstm.weight_hh_l0.grad == 0).sum()) < 64


def test_the_decoder_shares_the_embeddings_weights():
    model = create_language_model(10, CONFIG)
    assert model[1].decoder.weight is model[0].words.weight
    assert model(IDS).shape == (2, 5, 10)


def test_a_sentence_is_its_last_largest_and_mean_output_whatever_fills_it_up():
    torch.manual_seed(0)
    body = SentenceEncoder(AWD_LSTM(10, CONFIG, remembers=False)).eval()
    with torch.no_grad():
        features = body(IDS)
        outputs = body.encoder(IDS[1:, :3])[0]
        torch.testing.assert_close(features[1], torch.cat([outputs[-1], outputs.amax(0), outputs.mean(0)]))
        torch.testing.assert_close(body(IDS[1:, :3]), features[1:])


def test_reading_in_pieces_changes_nothing():
    torch.manual_seed(0)
    encoder = AWD_LSTM(10, CONFIG, remembers=False).eval()
    with torch.no_grad():
        torch.testing.assert_close(SentenceEncoder(encoder, 2)(IDS), SentenceEncoder(encoder, 9)(IDS))


def test_a_config_is_scaled():
    scaled = AwdLstmConfig(weight_p=0.2, output_p=0.1).scaled(0.5)
    assert (scaled.weight_p, scaled.output_p, scaled.emb_sz) == (0.1, 0.05, 400)


def test_a_dropout_that_is_none():
    with pytest.raises(ArgumentError) as err:
        AwdLstmConfig(hidden_p=0.8).scaled(2)
    assert str(err.value) == "hidden_p must be a number in [0, 1]. Got: 1.6."
