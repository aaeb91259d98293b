import warnings
import numpy as np
from fairlearn import metrics as fair
from scipy import stats
from sklearn.metrics import precision_score
from statsmodels.stats.contingency_tables import Table2x2
from draw import cases, emit

warnings.simplefilter("ignore")


def one(random):
    n = int(random.choice([80, 400]))
    group = random.choice(["a", "b", "c"][: random.integers(2, 4)], n)
    y = (random.random(n) < 0.5).astype(int)
    p = (random.random(n) < 0.2 + 0.4 * y + 0.2 * (group == "a")).astype(int)
    rates = fair.MetricFrame(metrics={
        "selection": fair.selection_rate, "true_positive": fair.true_positive_rate, "false_positive": fair.false_positive_rate,
        "false_negative": fair.false_negative_rate, "true_negative": fair.true_negative_rate,
        "precision": lambda t, q: precision_score(t, q, zero_division=0),
    }, y_true=y, y_pred=p, sensitive_features=group)
    of = {"sensitive_features": group}
    a, b = group == "a", group == "b"
    table = Table2x2([[p[b].sum(), (1 - p[b]).sum()], [p[a].sum(), (1 - p[a]).sum()]])
    return {
        "group": group.tolist(), "y": y, "p": p,
        "rates": {m: {g: rates.by_group[m][g] for g in rates.by_group.index} for m in rates.by_group.columns},
        "parity": [fair.demographic_parity_difference(y, p, **of), fair.demographic_parity_ratio(y, p, **of)],
        "odds": [fair.equalized_odds_difference(y, p, **of), fair.equalized_odds_ratio(y, p, **of)],
        "opportunity": [fair.equal_opportunity_difference(y, p, **of), fair.equal_opportunity_ratio(y, p, **of)],
        "impact": [table.riskratio, *table.riskratio_confint()],
        "evenness": float(stats.entropy(np.unique(group, return_counts=True)[1]) / np.log(len(set(group)))),
    }


emit(cases(one))
