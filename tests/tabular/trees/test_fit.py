"""Trees of small tables are trained in one thread: they are the same, and busy machines finish them."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import threadpoolctl
from sklearn.ensemble import HistGradientBoostingRegressor

from gatera.tabular.encoded import EncodedRows
from gatera.tabular.trees import fit


@pytest.mark.parametrize(("limit", "threads"), [(fit.ONE_THREAD, 1), (0, 2)])
def test_small_tables_are_read_by_one_thread(monkeypatch, limit, threads):
    seen = []
    plain = HistGradientBoostingRegressor.fit

    def watched(self, x, y):
        pools = threadpoolctl.threadpool_info()
        seen.append({pool["num_threads"] for pool in pools if pool["user_api"] == "openmp"})
        return plain(self, x, y)

    monkeypatch.setattr(HistGradientBoostingRegressor, "fit", watched)
    monkeypatch.setattr(fit, "ONE_THREAD", limit)
    x = np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32)
    with threadpoolctl.threadpool_limits(2, "openmp"):
        made = fit.fit_trees(EncodedRows(x, x[:, 0].astype(np.float64), [], 0))
    assert seen == [{threads}] and made.predict(x).shape == (300,)


def test_a_machine_whose_cores_cannot_be_counted_is_not_spoken_of(monkeypatch, capfd):
    """joblib warns and prints a traceback there (Windows 11, a container without /sys)."""
    from joblib.externals.loky.backend import context

    monkeypatch.setattr(context, "physical_cores_cache", None)
    for name in ("linux", "win32", "darwin", "freebsd"):
        monkeypatch.setattr(context, f"_count_physical_cores_{name}", lambda: 0, raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x = np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32)
        fit.fit_trees(EncodedRows(x, x[:, 0].astype(np.float64), [], 0))
    assert capfd.readouterr().err == ""
