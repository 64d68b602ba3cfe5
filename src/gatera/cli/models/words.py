"""What the commands of the registry say of a version."""

from __future__ import annotations

from gatera.store.models.version import ModelVersion


def figures(version: ModelVersion) -> str:
    """Return what a version does and how good it is: "classification of 2 labels, error 0.0123 (120 items)"."""
    labels = f" of {version.labels} labels" if version.labels else ""
    numbers = [f"{name} {value:.4g}" for name, value in version.metrics.items() if name != "items"]
    items = version.metrics.get("items")
    measured = f", {', '.join(numbers[:3])}" if numbers else ""
    return f"{version.task}{labels}{measured}" + (f" ({items:,.0f} items)" if items and numbers else "")


def made_from(version: ModelVersion) -> list[str]:
    """Return what a version was made from, a line each: "data: photos, commit 12ab34cd"."""
    parents = version.parents
    weights = {"": parents.weights["version"]} if "version" in parents.weights else parents.weights
    lines = []
    for name, facts in (("data", parents.data), ("code", parents.code), ("weights", weights)):
        said = [value if key in ("", "name", "source") else f"{key} {value[:12] if key in ('commit', 'sha256') else value}"
                for key, value in facts.items()]  # fmt: skip
        lines += [f"{name}: {', '.join(said)}"] if said else []
    return lines
