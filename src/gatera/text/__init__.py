"""Texts: blocks, loaders, learners and the language model, for the using half to tokenise without PyTorch."""
