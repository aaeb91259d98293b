import numpy as np
from river import drift
from scipy import stats
from draw import cases, emit


def found(detector, stream):
    at = []
    for i, x in enumerate(stream):
        detector.update(x)
        if detector.drift_detected:
            at.append(i)
    return at


def bayes(x, expected=100, prior=(0.0, 1.0, 1.0, 1.0)):
    """Adams & MacKay's recursion with every hypothesis kept, in plain probabilities."""
    mean, weight, shape, scale = (np.array([p]) for p in prior)
    chance = np.array([1.0])
    for value in x:
        density = stats.t.pdf(value, 2 * shape, mean, np.sqrt(scale * (weight + 1) / (shape * weight)))
        chance = np.append((chance * density).sum() / expected, chance * density * (1 - 1 / expected))
        chance = chance / chance.sum()
        scale = np.append(prior[3], scale + weight * (value - mean) ** 2 / (2 * (weight + 1)))
        mean = np.append(prior[0], (weight * mean + value) / (weight + 1))
        weight, shape = np.append(prior[1], weight + 1), np.append(prior[2], shape + 0.5)
    return chance


def one(random):
    n, at = 600, int(random.integers(200, 400))
    x = np.round(random.normal(size=n), 6)
    x[at:] += random.choice([-3, 0, 2, 5])
    wrong = (random.random(n) < np.where(np.arange(n) < at, 0.2, random.choice([0.2, 0.6]))).astype(int)
    lam = 0.2
    value, ewma = 0.0, []
    for i, v in enumerate(x[:50]):
        value = lam * v + (1 - lam) * value
        ewma.append([value, 3 * np.sqrt(lam / (2 - lam) * (1 - (1 - lam) ** (2 * (i + 1))))])
    high = low = 0.0
    cusum = []
    for v in x[:50]:
        high, low = max(0, high + v - 0.5), max(0, low - v - 0.5)
        cusum.append([high, low])
    return {
        "x": x, "wrong": wrong, "at": at,
        "pageHinkley": found(drift.PageHinkley(threshold=20), x), "ddm": found(drift.binary.DDM(), wrong),
        "adwin": found(drift.ADWIN(), x), "ewma": ewma, "cusum": cusum, "bayes": bayes(x[:120]),
    }


emit(cases(one))
