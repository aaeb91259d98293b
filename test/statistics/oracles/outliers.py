import numpy as np
from scipy import stats
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.preprocessing import StandardScaler
from draw import cases, emit


def one(random):
    n, d = 60, int(random.integers(2, 6))
    mix = random.normal(size=(d, d))
    x = random.normal(size=(n, d)) @ mix * 10.0 ** random.integers(-2, 3, d)
    row = x[0] * 3
    scaled = StandardScaler().fit_transform(x)
    full = PCA(svd_solver="full").fit(scaled)
    keep = int(np.searchsorted(np.cumsum(full.explained_variance_ratio_), 0.65 - 1e-12) + 1)
    pca = PCA(keep, svd_solver="full").fit(scaled)
    back = pca.inverse_transform(pca.transform(scaled))
    covariance = np.cov(x.T)
    gap = row - x.mean(axis=0)
    square = gap @ np.linalg.solve(covariance, gap)
    left = np.array([[np.mean(x[:, j] <= v) for j, v in enumerate(r)] for r in x])
    right = np.array([[np.mean(x[:, j] >= v) for j, v in enumerate(r)] for r in x])
    skew = np.sign(stats.skew(x))
    longer = np.where(skew < 0, -np.log(left), -np.log(right))
    ecod = np.max([-np.log(left).sum(axis=1), -np.log(right).sum(axis=1), longer.sum(axis=1)], axis=0)
    forest = IsolationForest(random_state=0, n_estimators=300).fit(x)
    z = (x[:, 0] - np.median(x[:, 0])) / stats.median_abs_deviation(x[:, 0], scale="normal")
    return {
        "x": x, "row": row, "kept": keep, "reconstruction": np.sqrt(((scaled - back) ** 2).sum(axis=1)),
        "mahalanobis": [np.sqrt(square), stats.chi2.sf(square, d)], "ecod": ecod, "z": z,
        "isolation": -forest.score_samples(x),
    }


emit(cases(one))
