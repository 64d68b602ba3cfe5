"""Modules and names of the standard library, numpy and matplotlib that fastai's star imports bring and notebooks count on."""

import collections
import contextlib
import copy
import csv
import functools
import glob
import inspect
import io
import itertools
import json
import math
import operator
import os
import pickle
import random
import re
import shutil
import string
import sys
import tempfile
import time
import types
import typing
import warnings
import zipfile
from collections import Counter, OrderedDict, defaultdict, namedtuple
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from copy import deepcopy
from datetime import datetime, timedelta
from functools import partial, reduce
from itertools import chain, islice
from operator import attrgetter, itemgetter
from pprint import pprint
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Optional, Union
from urllib.request import urlopen, urlretrieve

import numpy as np
from numpy import ndarray

from gatera.core.lazy import LazyModule

if TYPE_CHECKING:  # an editor completes their names, and takes pd.DataFrame for a type
    import matplotlib
    import pandas as pd
    from matplotlib import pyplot as plt
else:  # each is imported when it is first used
    from gatera.core.lazy import pd, plt

    matplotlib = LazyModule("matplotlib")

# fmt: off
__all__ = [
    "Any", "Counter", "Generator", "Iterable", "Iterator", "Mapping", "Optional", "OrderedDict",
    "Sequence", "SimpleNamespace", "Union", "attrgetter", "chain", "collections", "contextlib",
    "contextmanager", "copy", "csv", "datetime", "deepcopy", "defaultdict", "functools", "glob", "inspect", "io", "islice",
    "itemgetter", "itertools", "json", "math", "matplotlib", "namedtuple", "ndarray", "np", "operator", "os", "partial", "pd",
    "pickle", "plt", "pprint", "random", "re", "reduce", "shutil", "string", "suppress", "sys", "tempfile", "time",
    "timedelta", "types", "typing", "urlopen", "urlretrieve", "warnings", "zipfile",
]
# fmt: on
