"""Two small tables and what SciPy, scikit-learn and Evidently say of them. Prints JSON: python oracle.py > oracle.json

Versions: scipy 1.17.1, scikit-learn 1.9.1, evidently 0.7.23 (bench/monitoring/evidently.lock).
"""
import json
import numpy as np
import pandas as pd
from scipy import stats
from scipy.spatial.distance import jensenshannon
from sklearn import metrics
from evidently.legacy.calculations.stattests import jensenshannon as js_of_evidently, ks_stattest

random = np.random.default_rng(7)


def side(n, shift, weights):
    y = random.integers(0, 9, n).astype(float)
    y[random.random(n) < 0.05] = np.nan
    x = np.round(random.normal(shift, 1, n) + 0.1 * np.nan_to_num(y), 3)
    score = np.round(1 / (1 + np.exp(-x - random.normal(0, 1, n))), 2).clip(0.01, 0.99)
    return pd.DataFrame({
        "x": x,
        "y": y,
        "c": random.choice(list("abcd"), n, p=weights),
        "score": score,
        "truth": (random.random(n) < score).astype(int),
    })


reference, current = side(300, 0, [0.4, 0.3, 0.2, 0.1]), side(280, 0.2, [0.3, 0.3, 0.25, 0.15])
counts = [s.c.value_counts().reindex(list("abcd")).to_numpy() for s in (reference, current)]
shares = [c / c.sum() for c in counts]
ys = [s.y.dropna() for s in (reference, current)]
evidently = {
    "jensenshannon": js_of_evidently._jensenshannon(reference.c, current.c, "cat", 0.1)[0],
    "ks": ks_stattest._ks_stat_test(ys[0], ys[1], "num", 0.05)[0],
}
both = [s.dropna() for s in (reference, current)]
print(json.dumps({
    "tables": [{k: [None if isinstance(v, float) and np.isnan(v) else v for v in s[k].tolist()] for k in s} for s in (reference, current)],
    "mean": [s.x.mean() for s in (reference, current)],
    "deviation": [s.x.std() for s in (reference, current)],
    "missing": [int(s.y.isna().sum()) for s in (reference, current)],
    "quantiles": [s.x.quantile([0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99], interpolation="lower").tolist() for s in (reference, current)],
    "ks": [float(v) for v in stats.ks_2samp(*ys)],
    "chi2": [float(v) for v in stats.chi2_contingency(np.array(counts), correction=False)[:2]],
    "js": float(jensenshannon(*shares)),
    "evidently": {k: float(v) for k, v in evidently.items()},
    "pearson": [float(s[["x", "y"]].corr().iloc[0, 1]) for s in both],
    "auc": [metrics.roc_auc_score(s.truth, s.score) for s in (reference, current)],
    "logLoss": [metrics.log_loss(s.truth, s.score) for s in (reference, current)],
    "brier": [metrics.brier_score_loss(s.truth, s.score) for s in (reference, current)],
    "accuracy": [metrics.accuracy_score(s.truth, s.score >= 0.5) for s in (reference, current)],
    "macroF1": [metrics.f1_score(s.truth, (s.score >= 0.5).astype(int), average="macro") for s in (reference, current)],
}))
