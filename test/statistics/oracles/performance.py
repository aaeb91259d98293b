import warnings
import numpy as np
from sklearn import metrics
from sklearn.calibration import calibration_curve
from draw import cases, emit

warnings.simplefilter("ignore")


def one(random):
    n = int(random.choice([30, 100, 300]))
    classes = [f"c{i}" for i in range(random.integers(2, 6))]
    truth = random.choice(classes, n)
    guess = np.where(random.random(n) < random.random(), truth, random.choice(classes, n))
    average = {k: [float(x) for x in metrics.precision_recall_fscore_support(truth, guess, average=k, zero_division=0)[:3]] for k in ("macro", "weighted")}
    p = random.dirichlet(np.ones(len(classes)), n)
    p = np.where(random.random((n, 1)) < 0.5, p, np.eye(len(classes))[[classes.index(t) for t in truth]] * 0.5 + p * 0.5)
    sure = all((truth == c).sum() > 1 for c in classes)
    auc = np.mean([metrics.roc_auc_score(truth == c, p[:, i]) for i, c in enumerate(classes)]) if sure else None
    onehot = np.array([[t == c for c in classes] for t in truth], float)

    labels = [f"l{i}" for i in range(4)]
    there = (random.random((n, 4)) < 0.4).astype(int)
    found = np.where(random.random((n, 4)) < 0.7, there, 1 - there)

    y = random.normal(size=n) * 10.0 ** random.integers(-3, 4) + random.choice([0, 50])
    f = y + random.normal(size=n) * 2
    positive = np.abs(y), np.abs(f)

    queries = []
    for _ in range(5):
        m = int(random.integers(2, 20))
        queries.append((np.round(random.random(m), 1), random.integers(0, 4, m)))
    binary = [(s, (r > 1).astype(int)) for s, r in queries]

    s = np.round(random.random(n), int(random.choice([1, 2, 12])))
    b = (random.random(n) < s).astype(int)
    b[0], b[1] = 0, 1
    fpr, tpr, at = metrics.roc_curve(b, s, drop_intermediate=False)
    precision, recall, _ = metrics.precision_recall_curve(b, s)
    share, score = calibration_curve(b, s, n_bins=10)
    half = s >= 0.5
    return {
        "classes": classes, "truth": truth.tolist(), "guess": guess.tolist(), "probabilities": p,
        "multiClass": {
            "accuracy": metrics.accuracy_score(truth, guess), "balanced": metrics.balanced_accuracy_score(truth, guess),
            "kappa": metrics.cohen_kappa_score(truth, guess), "matthews": metrics.matthews_corrcoef(truth, guess),
            **average, "logLoss": metrics.log_loss(truth, p, labels=classes),
            "brier": float(np.mean(((p - onehot) ** 2).sum(axis=1))), "auc": auc,
        },
        "labels": labels, "there": there, "found": found,
        "multiLabel": {
            "subset": metrics.accuracy_score(there, found), "hamming": metrics.hamming_loss(there, found),
            "jaccard": metrics.jaccard_score(there, found, average="samples", zero_division=1),
            "f1Rows": metrics.f1_score(there, found, average="samples", zero_division=1),
            "micro": metrics.f1_score(there, found, average="micro"), "macro": metrics.f1_score(there, found, average="macro"),
        },
        "y": y, "f": f,
        "regression": [
            metrics.r2_score(y, f), metrics.explained_variance_score(y, f), metrics.median_absolute_error(y, f),
            metrics.max_error(y, f), metrics.mean_absolute_percentage_error(y, f),
            metrics.root_mean_squared_log_error(*positive), metrics.mean_pinball_loss(y, f, alpha=0.9),
        ],
        "queries": [{"scores": a, "relevance": r} for a, r in queries],
        "ndcg": [metrics.ndcg_score([r], [a], k=5) if r.sum() else 0 for a, r in queries],
        "averagePrecision": [metrics.average_precision_score(r, a) if r.sum() else None for a, r in binary],
        "scores": s, "actuals": b,
        "roc": [fpr, tpr, at], "pr": [precision, recall], "ap": metrics.average_precision_score(b, s),
        "calibration": [score, share],
        "half": [metrics.precision_score(b, half, zero_division=0), metrics.recall_score(b, half), metrics.f1_score(b, half), metrics.matthews_corrcoef(b, half)],
    }


emit(cases(one))
