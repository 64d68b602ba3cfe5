"""Text models: AWD-LSTM, a transformer encoder, and the classifier on top of either.

Read `model` first: it builds text classifiers. `awd_lstm` and `transformer` are the encoders.

In: token numbers int64 [N, T]. Out: logits [N, K], or [N, T, V] for a language model.
"""
