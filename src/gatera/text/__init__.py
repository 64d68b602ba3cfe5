"""Text: blocks, loaders, classifiers and language models.

Read `learner` first (`text_classifier_learner`), then `data` (`TextDataLoaders`) and `block`. `classifier_parts` chooses what an
architecture needs; `loaders` has the batches of classifiers and language models; `word_tokenizer` builds a tokenizer from a list of
words; `language_model` and `encoders` train language models and reuse their encoders; `baseline` is the model to beat.

In: folders or tables of texts. Out: `DataLoaders`, and a `Learner` whose programs tokenize without PyTorch. `gatera.text.all`
has every name for a star import.
"""
