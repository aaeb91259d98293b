"""Cases for the comparison with SciPy and others: drawn from ORACLE_SEED, ORACLE_CASES many, as JSON on the output."""
import json
import os
import sys
import numpy as np


def samples(random, smallest=5):
    """Two samples: small or large, continuous, tied, skewed, tiny or huge, shifted or not; never all equal."""
    n, m = (int(random.choice([smallest, 8, 20, 21, 60])) for _ in range(2))
    kind = random.integers(0, 6)
    shift = random.choice([0, 0.3, 2])
    if kind == 0:
        a, b = random.normal(size=n), random.normal(shift, 1, m)
    elif kind == 1:
        a, b = random.integers(0, 6, n).astype(float), random.integers(0, 6, m) + np.round(shift)
    elif kind == 2:
        a, b = random.lognormal(0, 2, n), random.lognormal(shift, 2, m)
    elif kind == 3:
        a, b = random.normal(size=n) * 1e-9, random.normal(shift, 2, m) * 1e-9
    elif kind == 4:
        a, b = 1e6 + random.normal(size=n), 1e6 + random.normal(shift, 1, m)
    else:
        a, b = random.standard_cauchy(n), random.standard_cauchy(m) + shift
    a[0], a[1] = a.min(), a.max() + (a.max() == a.min())
    return a, b


def cases(one):
    count = int(os.environ.get("ORACLE_CASES", "6"))
    seed = int(os.environ.get("ORACLE_SEED", "7"))
    return [one(np.random.default_rng([seed, i])) for i in range(count)]


def plain(value):
    """As JSON knows it: arrays as lists, what is no finite number as null."""
    if isinstance(value, dict):
        return {key: plain(x) for key, x in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(x) for x in value]
    if isinstance(value, (np.bool_, bool)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    return value


def emit(value):
    json.dump(plain(value), sys.stdout, separators=(",", ":"))
