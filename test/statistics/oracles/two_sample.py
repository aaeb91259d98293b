import warnings
import numpy as np
from scipy import stats
from draw import cases, emit, samples

warnings.simplefilter("ignore")


def counts(random):
    bins = int(random.choice([2, 3, 10, 50]))
    both = random.integers(0, random.choice([3, 30, 3000]), (2, bins))
    both[0, 0] += 1
    both[1, 1] += 1
    return both


def one(random):
    a, b = samples(random)
    c = counts(random)
    kept = c[:, c.sum(axis=0) > 0]
    ad = stats.anderson_ksamp([a, b], variant="midrank")
    pooled = np.concatenate([a, b])
    es = [None, None]
    if stats.iqr(pooled) > 0:
        r = stats.epps_singleton_2samp(a, b)
        es = [r.statistic, r.pvalue]
    cvm = stats.cramervonmises_2samp(a, b)
    mw = stats.mannwhitneyu(a, b, method="asymptotic")
    welch = stats.ttest_ind(b, a, equal_var=False)
    interval = welch.confidence_interval(0.95)
    levene = stats.levene(a, b, center="median")
    g = stats.chi2_contingency(kept, correction=False, lambda_="log-likelihood")
    table = [[int(x) for x in random.integers(0, random.choice([4, 40, 400]), 2)] for _ in range(2)]
    if min(sum(table[0]), sum(table[1])) == 0:
        table[0][0] += 1
        table[1][1] += 1
    p, q = (kept + 0.5) / (kept + 0.5).sum(axis=1, keepdims=True)
    return {
        "a": a, "b": b, "reference": kept[0], "current": kept[1], "table": table,
        "andersonDarling": [ad.statistic, ad.pvalue], "eppsSingleton": es,
        "cramerVonMises": [cvm.statistic, cvm.pvalue], "mannWhitney": [mw.statistic, mw.pvalue],
        "welch": [welch.statistic, welch.df, welch.pvalue, interval.low, interval.high],
        "levene": [levene.statistic, levene.pvalue], "g": [g.statistic, g.pvalue, g.dof],
        "fisher": stats.fisher_exact(table).pvalue, "energy": stats.energy_distance(a, b),
        "kl": float(stats.entropy(q, p)),
    }


emit(cases(one))
