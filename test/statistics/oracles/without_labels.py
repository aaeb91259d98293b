"""M-CBPE by NannyML's definitions (isotonic calibration against the rest, normalised; expected counts), written in numpy."""
import warnings
import numpy as np
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import roc_auc_score
from draw import cases, emit

warnings.simplefilter("ignore")


def one(random):
    n = int(random.choice([60, 150]))
    classes = [f"c{i}" for i in range(random.integers(2, 5))]
    k = len(classes)
    p = np.round(random.dirichlet(np.ones(k), n), int(random.choice([1, 3, 9])))
    truth = [classes[random.choice(k, p=(row + 0.1) / (row + 0.1).sum())] for row in p]
    truth[:k] = classes
    calibrated = np.column_stack([
        IsotonicRegression(out_of_bounds="clip", increasing=True).fit(p[:, i], [t == c for t in truth]).predict(p[:, i])
        for i, c in enumerate(classes)
    ])
    sums = calibrated.sum(axis=1, keepdims=True)
    calibrated = np.where(sums > 0, calibrated / np.where(sums > 0, sums, 1), 1 / k)
    guess = p.argmax(axis=1)
    f1, auc = [], []
    for i in range(k):
        q, called = calibrated[:, i], guess == i
        f1.append(2 * q[called].sum() / (called.sum() + q.sum()))
        both = np.concatenate([q, q])
        auc.append(roc_auc_score(np.repeat([1, 0], n), both, sample_weight=np.concatenate([q, 1 - q])))
    return {
        "classes": classes, "probabilities": p, "truth": truth, "guess": [classes[g] for g in guess],
        "calibrated": calibrated, "accuracy": calibrated[np.arange(n), guess].mean(), "f1": np.mean(f1), "auc": np.mean(auc),
    }


emit(cases(one))
