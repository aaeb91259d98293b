import warnings
import numpy as np
import shap
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.inspection import partial_dependence
from draw import cases, emit

warnings.simplefilter("ignore")


def plain_tree(tree, scale):
    leaf = tree.children_left < 0
    return {
        "feature": np.where(leaf, -1, tree.feature), "threshold": np.where(leaf, 0, tree.threshold),
        "left": tree.children_left, "right": tree.children_right,
        "value": tree.value[:, 0, 0] * scale, "cover": tree.weighted_n_node_samples,
    }


def one(random):
    n, d = 120, int(random.choice([2, 5, 12]))
    # no rounded values: where one lies within single precision of a threshold, shap takes the other branch
    x = np.float64(np.float32(random.normal(size=(n, d))))
    y = x[:, 0] * x[:, 1] + np.sin(3 * x[:, -1]) + 0.1 * random.normal(size=n)
    depth = int(random.choice([1, 3, 11]))
    if random.random() < 0.5:
        model = GradientBoostingRegressor(n_estimators=4, max_depth=depth, random_state=0).fit(x, y)
        base, trees = float(model.init_.constant_[0, 0]), [plain_tree(t[0].tree_, model.learning_rate) for t in model.estimators_]
    else:
        model = RandomForestRegressor(3, max_depth=depth, random_state=0).fit(x, y)
        base, trees = 0.0, [plain_tree(t.tree_, 1 / 3) for t in model.estimators_]
    rows, background = x[:4], x[50:60]
    tree = shap.TreeExplainer(model)
    against = shap.TreeExplainer(model, background)
    grid = partial_dependence(model, x[:30], [0], grid_resolution=5, method="brute")
    return {
        "model": {"base": base, "trees": trees}, "features": d, "rows": rows, "background": background, "x": x[:30],
        "base": float(np.ravel(tree.expected_value)[0]), "values": tree.shap_values(rows, check_additivity=False),
        "againstBase": float(np.ravel(against.expected_value)[0]), "against": against.shap_values(rows, check_additivity=False),
        "grid": grid["grid_values"][0], "dependence": grid["average"][0],
    }


emit(cases(one))
