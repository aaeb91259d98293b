"""Writes small models of every format that Kedge reads into EXPLAIN_FOLDER, a folder each, with `case.json`: the features,
rows, background and what shap, LightGBM, XGBoost or the definition of Shapley's values say of the rows."""
import itertools
import json
import math
import os
import warnings
from pathlib import Path

import lightgbm
import numpy as np
import onnx
import shap
import xgboost
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder
from sklearn.tree import DecisionTreeRegressor

warnings.simplefilter("ignore")
root = Path(os.environ["EXPLAIN_FOLDER"])
seed = int(os.environ.get("EXPLAIN_SEED", "1"))
random = np.random.default_rng(seed)
ROWS, BACKGROUND = 6, 15


def plain(value):
    if isinstance(value, (str, type(None))):
        return value
    number = float(value)
    return None if math.isnan(number) else number


def write(name, features, rows, background, task="regression", **expected):
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    records = lambda table: [{f["name"]: plain(v) for f, v in zip(features, row)} for row in table]
    case = {
        "description": {"task": task, "features": features}, "rows": records(rows), "background": records(background),
        **{key: np.asarray(value).tolist() for key, value in expected.items()},
    }
    (folder / "case.json").write_text(json.dumps(case))
    (folder / "kedge-model.json").write_text(json.dumps(case["description"]))
    return folder


def shapley(rows, background, output):
    """Shapley's values by their definition, and the mean output of the background."""
    d = rows.shape[1]
    subsets = [s for k in range(d + 1) for s in itertools.combinations(range(d), k)]
    values = []
    for row in rows:
        mixed = []
        for subset in subsets:
            block = background.copy()
            block[:, list(subset)] = row[list(subset)]
            mixed.append(block)
        found = output(np.concatenate(mixed)).reshape(len(subsets), -1).mean(axis=1)
        worth = dict(zip(subsets, found))
        values.append([
            sum(
                math.factorial(len(s)) * math.factorial(d - len(s) - 1) / math.factorial(d)
                * (worth[tuple(sorted((*s, j)))] - worth[s])
                for s in subsets if j not in s
            )
            for j in range(d)
        ])
    return np.array(values), float(worth[()])


def numbers(*names):
    return [{"name": name, "type": "number"} for name in names]


# boosters: numbers with missing values, a column of codes
n = 500
x = random.normal(size=(n, 4))
x[:, 3] = random.integers(0, 7, n)
x[:, 2] *= random.random(n) < 0.7  # zeros
x[random.random((n, 4)) < 0.08] = np.nan
z = np.nan_to_num(x)
target = z[:, 0] * 2 + np.isin(z[:, 3], [2, 5]) + np.isnan(x[:, 1]) + 0.1 * random.normal(size=n)
classes = (target > 0.8).astype(int)
features = numbers("a", "b b", "c", "code")
rows, background = x[:ROWS].copy(), x[20:20 + BACKGROUND]
rows[1, 3] = 77.0  # a code that training did not have
rows[2, 3] = -3.0


def booster_lightgbm(name, y, settings, form="text", **columns):
    data = lightgbm.Dataset(x, y, feature_name=["a", "b_b", "c", "code"], categorical_feature=[3], **columns)
    settings = {"num_leaves": 9, "min_data_in_leaf": 8, "verbose": -1, "seed": 1, "num_threads": 1, "max_cat_to_onehot": 1,
                "cat_smooth": 1, "min_data_per_group": 5, **settings}
    model = lightgbm.train(settings, data, 8)
    # raw scores and contributions of a forest are sums, its scores means
    trees = 8 if settings.get("boosting") == "rf" else 1
    found = model.predict(rows, pred_contrib=True) / trees
    folder = write(
        name, features, rows, background, "binary" if settings["objective"] == "binary" else "regression",
        path=found[:, :-1], pathBase=found[0, -1], sums=model.predict(rows, raw_score=True) / trees, scores=model.predict(rows),
    )
    if form == "text":
        model.save_model(str(folder / "model.lgb"))
    else:
        (folder / "model.json").write_text(json.dumps(model.dump_model()))


booster_lightgbm("lightgbm-text", classes, {"objective": "binary"})
booster_lightgbm("lightgbm-json", classes, {"objective": "binary"}, "json")
booster_lightgbm("lightgbm-zero-is-missing", target, {"objective": "regression", "zero_as_missing": True})
booster_lightgbm("lightgbm-no-missing", target, {"objective": "regression", "use_missing": False})
booster_lightgbm("lightgbm-forest", target, {"objective": "regression", "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6})
booster_lightgbm("lightgbm-poisson", np.abs(target), {"objective": "poisson"})


def booster_xgboost(name, y, settings, file):
    # an invalid code is an error here
    known = rows.copy()
    known[1:3, 3] = [4.0, np.nan]
    matrix = lambda table, truth=None: xgboost.DMatrix(
        table, truth, feature_names=["a", "b b", "c", "code"], feature_types=["q", "q", "q", "c"], enable_categorical=True)
    model = xgboost.train({"max_depth": 4, "max_cat_to_onehot": 1, "nthread": 1, "seed": 1, **settings}, matrix(x, y), 8)
    data = matrix(known)
    found = model.predict(data, pred_contribs=True, **({"iteration_range": (0, 8)} if "booster" in settings else {}))
    folder = write(
        name, features, known, background, "binary" if "logistic" in settings["objective"] else "regression",
        path=found[:, :-1], pathBase=found[0, -1], sums=model.predict(data, output_margin=True), scores=model.predict(data),
    )
    model.save_model(folder / file)


booster_xgboost("xgboost-json", classes, {"objective": "binary:logistic"}, "model.json")
booster_xgboost("xgboost-ubj", classes, {"objective": "binary:logistic"}, "model.ubj")
booster_xgboost("xgboost-regression", target, {"objective": "reg:squarederror"}, "model.ubj")
booster_xgboost("xgboost-dart", target, {"objective": "reg:squarederror", "booster": "dart", "rate_drop": 0.3}, "model.json")

# ONNX: numbers and texts through what scikit-learn's converters write, single precision
NUMBERS, CATEGORIES = ["a", "b", "c"], ["from", "to"]
mixed_features = numbers(*NUMBERS) + [{"name": name, "type": "category"} for name in CATEGORIES]
num = random.normal(size=(n, 3)).astype(np.float32)
cat = random.choice(list("ABCDE"), size=(n, 2))
table = np.column_stack([num.astype(object), cat.astype(object)])
value = num[:, 0] * 2 + (cat[:, 0] == "A") * (num[:, 1] > 0) + (cat[:, 1] == "D")
late = (value > 0.4).astype(int)
mixed_rows, mixed_background = table[:ROWS].copy(), table[20:20 + BACKGROUND].copy()
mixed_rows[3, 3] = "never seen"
inputs = [(name, FloatTensorType([None, 1])) for name in NUMBERS] + [(name, StringTensorType([None, 1])) for name in CATEGORIES]


def pipeline(name, model, y, output, types=inputs, data=table, described=mixed_features, some=mixed_rows, others=mixed_background, opset=17):
    model.fit(data, y)
    classifier = hasattr(model, "predict_proba")
    graph = to_onnx(model, initial_types=types, options={"zipmap": False} if classifier else None, target_opset=opset)
    values, base = shapley(some, others, lambda rows: output(model, rows))
    score = model.predict_proba(some)[:, 1] if classifier else model.predict(some)
    folder = write(name, described, some, others, "binary" if classifier else "regression", background_values=values,
                   backgroundBase=base, scores=score)
    (folder / "model.onnx").write_bytes(graph.SerializeToString())


def columns(numbers_step, categories_step):
    return ColumnTransformer([("n", numbers_step, [0, 1, 2]), ("c", categories_step, [3, 4])])


margin = lambda model, rows: model.decision_function(rows)
probability = lambda model, rows: model.predict_proba(rows)[:, 1]
predicted = lambda model, rows: model.predict(rows)
one_hot = lambda: OneHotEncoder(handle_unknown="ignore")
pipeline("onnx-target-encoder", make_pipeline(columns("passthrough", TargetEncoder(cv=3, random_state=0)), HistGradientBoostingClassifier(max_iter=12, min_samples_leaf=5)), late, margin)
pipeline("onnx-one-hot-forest", make_pipeline(columns(StandardScaler(), one_hot()), RandomForestClassifier(8, max_depth=6, random_state=0)), late, probability)
ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
pipeline("onnx-imputer", make_pipeline(columns(make_pipeline(SimpleImputer(), MinMaxScaler()), ordinal), GradientBoostingRegressor(n_estimators=12, random_state=0)), value, predicted)
pipeline("onnx-logistic", make_pipeline(columns(StandardScaler(), one_hot()), LogisticRegression()), late, margin)
pipeline("onnx-ridge", make_pipeline(columns(StandardScaler(), one_hot()), Ridge()), value, predicted)
matrix = dict(types=[("X", FloatTensorType([None, 3]))], data=num, described=numbers(*NUMBERS), some=num[:ROWS], others=num[20:20 + BACKGROUND])
pipeline("onnx-components", make_pipeline(PCA(2), DecisionTreeRegressor(max_depth=4)), value, predicted, **matrix)
pipeline("onnx-network", make_pipeline(StandardScaler(), MLPClassifier((6,), max_iter=200, random_state=0)), late, probability, **matrix)

# shap itself against a background, on numbers
forest = RandomForestClassifier(8, max_depth=5, random_state=0).fit(num, late)
explainer = shap.TreeExplainer(forest, np.float64(num[20:20 + BACKGROUND]))
folder = write("onnx-forest", numbers(*NUMBERS), num[:ROWS], num[20:20 + BACKGROUND], "binary",
               background_values=explainer.shap_values(np.float64(num[:ROWS]), check_additivity=False)[:, :, 1],
               backgroundBase=explainer.expected_value[1], scores=forest.predict_proba(num[:ROWS])[:, 1])
(folder / "model.onnx").write_bytes(to_onnx(forest, num[:1], options={"zipmap": False}, target_opset=17).SerializeToString())

# ai.onnx.ml 5: every kind of question, a set among them, a missing value that follows the true branch
f32 = lambda name, values: helper.make_tensor(name, TensorProto.FLOAT, [len(values)], values)
modes = [0, 1, 2, 3, 4, 5, 6]
tree = helper.make_node(
    "TreeEnsemble", ["X"], ["Y"], domain="ai.onnx.ml", n_targets=1, aggregate_function=1, post_transform=0,
    tree_roots=[0, 3, 6], nodes_featureids=[0, 1, 2, 0, 2, 2, 2],
    nodes_modes=helper.make_tensor("modes", TensorProto.UINT8, [7], modes),
    nodes_splits=f32("splits", [0.1, -0.3, 1.0, 0.2, 2.0, 3.0, 0.0]),
    nodes_truenodeids=[1, 0, 2, 4, 4, 6, 6], nodes_trueleafs=[0, 1, 1, 0, 1, 1, 1],
    nodes_falsenodeids=[2, 1, 3, 5, 5, 7, 7], nodes_falseleafs=[0, 1, 1, 0, 1, 1, 1],
    nodes_missing_value_tracks_true=[1, 0, 0, 0, 0, 0, 0],
    leaf_targetids=[0] * 8, leaf_weights=f32("weights", [1.0, -2.0, 0.5, 3.0, -0.25, 4.0, 1.5, -1.0]),
    membership_values=f32("members", [1.0, 3.0, 4.0]),
)
graph = helper.make_graph([tree], "g", [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, 3])],
                          [helper.make_tensor_value_info("Y", TensorProto.FLOAT, [None, 1])])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 5)], ir_version=9)
asked = num.copy()
asked[:, 2] = random.integers(0, 5, n)


def by_hand(table):
    a, b, c = table[:, 0], table[:, 1], table[:, 2]
    first = np.where((a <= np.float32(0.1)) | np.isnan(a), np.where(b < np.float32(-0.3), 1.0, -2.0), np.where(c >= 1, 0.5, 3.0))
    second = np.where(a > np.float32(0.2), np.where(c == 2, -0.25, 4.0), np.where(c != 3, 1.5, -1.0))
    return first + second + np.where(np.isin(c, [1, 3, 4]), 1.5, -1.0)


some = asked[:ROWS].copy()
some[0, 0] = np.nan
values, base = shapley(some, asked[20:20 + BACKGROUND], by_hand)
folder = write("onnx-questions", numbers(*NUMBERS), some, asked[20:20 + BACKGROUND], background_values=values, backgroundBase=base, scores=by_hand(some))
(folder / "model.onnx").write_bytes(model.SerializeToString())
print(json.dumps(sorted(path.name for path in root.iterdir())))
