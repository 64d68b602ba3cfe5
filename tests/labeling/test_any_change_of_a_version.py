"""Whatever changes what a labelling function answers changes its version, and nothing else does."""

from __future__ import annotations

import importlib.util
import string
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

HEAD = "import functools, operator, re\nimport numpy as np\nfrom gatera.labeling import labeling_function\n"

#: Files in which VALUE, a text, decides what the labelling function f answers.
FILES = {
    "a constant": "K = VALUE\n@labeling_function\ndef f(text): return K",
    "a default": "@labeling_function\ndef f(text, k=VALUE): return k",
    "a default with the name of a builtin": "@labeling_function\ndef f(text, *, max=VALUE): return max",
    "a closure": "def make(id):\n    @labeling_function\n    def f(text): return id\n    return f\nf = make(VALUE)",
    "a function of the user's called as a builtin": "def len(text): return VALUE\n@labeling_function\ndef f(text): return len(text)",
    "a lambda": "f = labeling_function(lambda text: VALUE, name='f')",
    "a table of functions": "F = {'k': lambda text: VALUE}\n@labeling_function\ndef f(text): return F['k'](text)",
    "a partial": "def g(k, text): return k\nf = labeling_function(functools.partial(g, VALUE), name='f')",
    "a decorator": "def deco(g):\n    def inner(text): return VALUE\n    return inner\n@labeling_function\n@deco\ndef f(text): return 'x'",
    "below a decorator": "@labeling_function\n@functools.lru_cache\ndef f(text): return VALUE",
    "one of several by type": "@functools.singledispatch\ndef g(x): return 'x'\n@g.register\ndef _(x: str): return VALUE\n@labeling_function\ndef f(text): return g(text)",
    "the usual one by type": "@functools.singledispatch\ndef g(text): return VALUE\nf = labeling_function(g, name='f')",
    "an attribute": "class C:\n    def __init__(self, k): self.k = k\n    def __call__(self, text): return self.k\nf = labeling_function(C(VALUE), name='f')",
    "an attribute of an object in an object": "class C:\n    def __init__(self, k): self.k = k\n    def m(self, text): return self.k.k\nf = labeling_function(C(C(VALUE)).m, name='f')",
    "a slot": "class C:\n    __slots__ = 'k'\n    def __init__(self, k): self.k = k\n    def __call__(self, text): return self.k\nf = labeling_function(functools.partial(C(VALUE)), name='f')",
    "a class": "class B:\n    k = VALUE\nclass C(B): pass\n@labeling_function\ndef f(text): return C.k",
    "rules in a list": "class C:\n    def __init__(self, *k): self.k = k\n    def __call__(self, text): return self.k\nf = labeling_function(C(C('x'), C(VALUE)), name='f')",
    "a method of a pattern": "S = re.compile(VALUE).search\n@labeling_function\ndef f(text): return 'a' if S(text) else None",
    "a method of a set": "S = {VALUE}.__contains__\n@labeling_function\ndef f(text): return 'a' if S(text) else None",
    "an item by its name": "G = operator.itemgetter(VALUE)\n@labeling_function\ndef f(row): return G(row)",
    "a long pattern": "P = re.compile('|'.join(map(str, range(99))) + VALUE)\n@labeling_function\ndef f(text): return 'a' if P.search(text) else None",
    "an argument of a method by its name": "M = operator.methodcaller('get', VALUE)\n@labeling_function\ndef f(row): return M(row)",
    "a method by type": "class C:\n    def __call__(self, text): return self.m(text)\n    @functools.singledispatchmethod\n    def m(self, x): return 'x'\n    @m.register\n    def _(self, x: str): return VALUE\n    @m.register\n    def _(self, x: int): return 'i'\nf = labeling_function(C(), name='f')",
    "a private slot": "class _C:\n    __slots__ = ('__k',)\n    def __init__(self, k): self.__k = k\n    def __call__(self, text): return self.__k\nf = labeling_function(_C(VALUE), name='f')",
    "the usual one by type, given again": "@functools.singledispatch\ndef g(text): return 'x'\n@g.register\ndef _(text: object): return VALUE\nf = labeling_function(g, name='f')",
    "an array": "K = np.array([VALUE])\n@labeling_function\ndef f(text): return K[0]",
}  # fmt: skip

numbers = count()


def version(code, folder):
    path = folder / f"functions_{next(numbers)}.py"
    path.write_text(HEAD + code)
    spec = importlib.util.spec_from_file_location("functions", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.f.version


@pytest.mark.parametrize("where", FILES)
@settings(max_examples=3)
@given(values=st.sets(st.text(string.ascii_lowercase, min_size=1), min_size=2, max_size=2))
def test_what_decides_the_answer_is_in_the_version(where, values, tmp_path_factory):
    """Another value is another version; the same one, with a comment above and another name beside it, is the same."""
    folder = tmp_path_factory.getbasetemp()
    codes = [FILES[where].replace("VALUE", repr(value)) for value in sorted(values)]
    found = [version(code, folder) for code in codes]
    assert len(set(found)) == len(values)
    beside = f"# A comment.\nOTHER = {sorted(values)}\n\n"
    assert [version(beside + code, folder) for code in codes] == found
