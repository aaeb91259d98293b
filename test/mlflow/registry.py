"""What MLflow's client does with the registry, prompts, evaluation datasets, scorers and webhooks. Prints JSON of what it saw."""

import json
import os
import warnings

warnings.filterwarnings("ignore")
import mlflow
from mlflow import MlflowClient
from mlflow.entities.webhook import WebhookAction, WebhookEntity, WebhookEvent, WebhookStatus
from mlflow.exceptions import MlflowException
from mlflow.genai import datasets, scorers
from mlflow.genai.scorers.registry import list_scorer_versions

seen = {}
client = MlflowClient()


def code_of(call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except MlflowException as error:
        return [error.error_code, error.get_http_status_code()]
    return "no error"


# webhooks
receiver = os.environ["RECEIVER"]
every = [
    "registered_model.created", "model_version.created", "model_version_tag.set", "model_version_tag.deleted",
    "model_version_alias.created", "model_version_alias.deleted", "prompt.created", "prompt_version.created",
    "prompt_tag.set", "prompt_tag.deleted", "prompt_version_tag.set", "prompt_version_tag.deleted",
    "prompt_alias.created", "prompt_alias.deleted",
]  # fmt: skip
hook = client.create_webhook("all", receiver, events=every, description="of the test", secret="shared key")
seen["webhook"] = [hook.name, hook.status.value, sorted(map(str, hook.events)) == sorted(every), hook.secret]
result = client.test_webhook(hook.webhook_id, "prompt_version.created")
seen["webhook test"] = [result.success, result.response_status, result.response_body, result.error_message]
seen["inside refused"] = code_of(client.create_webhook, "inside", "http://10.0.0.1/x", events=["prompt.created"])
seen["no address refused"] = code_of(client.create_webhook, "file", "file:///etc/passwd", events=["prompt.created"])
seen["bad name refused"] = code_of(client.create_webhook, "no spaces", receiver, events=["prompt.created"])
seen["unknown event refused"] = code_of(client.create_webhook, "budget", receiver, events=["budget_policy.exceeded"])
other = client.create_webhook("idle", receiver, events=[WebhookEvent(WebhookEntity.PROMPT, WebhookAction.CREATED)])
updated = client.update_webhook(other.webhook_id, status=WebhookStatus.DISABLED, description="asleep")
seen["updated"] = [updated.name, updated.status.value, updated.description]
seen["webhooks"] = [w.name for w in client.list_webhooks()]
seen["pages"] = [len(client.list_webhooks(max_results=1)), client.list_webhooks(max_results=1).token is not None]

# models, versions, stages, copies
client.create_registered_model("flowers", tags={"owner": "me"}, description="three kinds")
mlflow.set_experiment("registry")
with mlflow.start_run() as run:
    mlflow.log_text("weights", "model/weights.txt")
    mlflow.log_text("flavors: {}", "model/MLmodel")
one = client.create_model_version("flowers", f"runs:/{run.info.run_id}/model", run.info.run_id, tags={"kind": "tree"})
two = client.create_model_version("flowers", f"runs:/{run.info.run_id}/model", run.info.run_id)
client.set_model_version_tag("flowers", "1", "approved", "yes")
client.delete_model_version_tag("flowers", "1", "approved")
client.set_registered_model_alias("flowers", "champion", "1")
client.set_registered_model_alias("flowers", "champion", "2")
seen["copied"] = client.copy_model_version("models:/flowers@champion", "blooms").version
copy = client.get_model_version("blooms", "1")
seen["copy"] = [copy.source, copy.run_id == run.info.run_id, copy.status]
down = mlflow.artifacts.download_artifacts("models:/blooms/1")
seen["copied bytes"] = open(os.path.join(down, "weights.txt")).read()
client.transition_model_version_stage("flowers", "1", "Production")
client.transition_model_version_stage("flowers", "2", "production", archive_existing_versions=True)
seen["stages"] = {v.version: v.current_stage for v in client.search_model_versions("name='flowers'")}
seen["latest"] = [(v.version, v.current_stage) for v in client.get_latest_versions("flowers")]
seen["archive without a stage"] = code_of(
    client.transition_model_version_stage, "flowers", "2", "None", archive_existing_versions=True
)
client.delete_registered_model_alias("flowers", "champion")
client.rename_registered_model("flowers", "plants")
seen["renamed"] = [client.get_registered_model("plants").description, code_of(client.get_registered_model, "flowers")]
for alias in ["latest", "v1"]:
    seen[f"alias {alias}"] = code_of(client.set_registered_model_alias, "plants", alias, "1")
for source in ["/etc/passwd", "file:///etc/passwd", "mlflow-artifacts:/../../etc", "s3://a/%2e%2e/b"]:
    seen[f"source {source}"] = code_of(client.create_model_version, "plants", source)

# prompts
first = mlflow.genai.register_prompt(name="greet", template="Hello {{name}}!", commit_message="first", tags={"team": "a"})
second = mlflow.genai.register_prompt(
    name="greet", template=[{"role": "user", "content": "Hi {{name}}"}], response_format={"type": "object"}
)
seen["prompt versions"] = [first.version, second.version]
mlflow.genai.set_prompt_alias("greet", alias="live", version=1)
loaded = mlflow.genai.load_prompt("prompts:/greet@live")
seen["prompt"] = [loaded.format(name="Ann"), loaded.commit_message, loaded.tags.get("team"), loaded.version]
seen["chat prompt"] = mlflow.genai.load_prompt("prompts:/greet/2").template
seen["latest prompt"] = mlflow.genai.load_prompt("prompts:/greet@latest").version
seen["found prompts"] = [p.name for p in mlflow.genai.search_prompts("name LIKE 'gr%'")]
seen["prompts are no models"] = [m.name for m in client.search_registered_models()]
seen["versions without prompts"] = sorted({v.name for v in client.search_model_versions()})
seen["versions of a prompt"] = [v.version for v in client.search_prompt_versions("greet")]
client.set_prompt_tag("greet", "team", "b")
client.delete_prompt_tag("greet", "team")
client.set_prompt_version_tag("greet", "1", "mood", "warm")
client.delete_prompt_version_tag("greet", "1", "mood")
mlflow.genai.delete_prompt_alias("greet", alias="live")
seen["no such prompt"] = mlflow.genai.load_prompt("prompts:/none/1", allow_missing=True)
seen["prompt as source"] = code_of(client.create_model_version, "plants", "models:/greet/1")

# evaluation datasets
experiment = mlflow.get_experiment_by_name("registry").experiment_id
made = datasets.create_dataset(name="questions", experiment_id=[experiment], tags={"version": "1"})
made.merge_records(
    [
        {"inputs": {"q": "what?", "n": 1.0}, "expectations": {"a": "that"}, "tags": {"hard": "no"}},
        {"inputs": {"q": "why?"}, "outputs": {"a": "because"}, "source": {"source_type": "HUMAN", "source_data": {"by": "me"}}},
    ]
)
made.merge_records([{"inputs": {"n": 1.0, "q": "what?"}, "expectations": {"length": 3}}])
got = datasets.get_dataset(dataset_id=made.dataset_id)
rows = got.to_df()
seen["dataset"] = [got.name, got.tags["version"], json.loads(got.profile), json.loads(got.schema)["inputs"], got.experiment_ids]
seen["records"] = [rows["inputs"][0], rows["expectations"][0], rows["outputs"][1], rows["source_type"][1], len(rows)]
datasets.set_dataset_tags(dataset_id=made.dataset_id, tags={"state": "good"})
datasets.delete_dataset_tag(dataset_id=made.dataset_id, key="version")
seen["dataset tags"] = datasets.get_dataset(dataset_id=made.dataset_id).tags.get("state")
seen["datasets"] = [d.name for d in datasets.search_datasets(experiment_ids=[experiment], filter_string="tags.state = 'good'")]
elsewhere = mlflow.create_experiment("elsewhere")
datasets.add_dataset_to_experiments(dataset_id=made.dataset_id, experiment_ids=[elsewhere])
datasets.remove_dataset_from_experiments(dataset_id=made.dataset_id, experiment_ids=[experiment])
seen["experiments of the dataset"] = [e == elsewhere for e in datasets.get_dataset(dataset_id=made.dataset_id).experiment_ids]
seen["deleted records"] = made.delete_records([rows["dataset_record_id"][0]])
many = datasets.create_dataset(name="many")
many.merge_records([{"inputs": {"i": i}} for i in range(2500)])
seen["many"] = [r["inputs"]["i"] for r in many.to_df().to_dict("records")] == list(range(2500))
datasets.delete_dataset(dataset_id=made.dataset_id)
seen["deleted dataset"] = code_of(datasets.get_dataset, dataset_id=made.dataset_id)

# scorers
@scorers.scorer
def exact(outputs, expectations):
    return outputs == expectations["a"]


judge = mlflow.genai.judges.make_judge(
    name="polite", instructions="Is {{ outputs }} polite?", model="openai:/gpt-4o-mini", feedback_value_type=bool
)
seen["scorer"] = [judge.register(experiment_id=experiment).name, judge.register(experiment_id=experiment).name]
seen["scorers"] = [s.name for s in scorers.list_scorers(experiment_id=experiment)]
seen["scorer versions"] = [version for _, version in list_scorer_versions(name="polite", experiment_id=experiment)]
seen["got scorer"] = scorers.get_scorer(name="polite", experiment_id=experiment, version=1).instructions
scorers.delete_scorer(name="polite", experiment_id=experiment, version=1)
seen["left"] = [version for _, version in list_scorer_versions(name="polite", experiment_id=experiment)]
scorers.delete_scorer(name="polite", experiment_id=experiment, version="all")
seen["deleted scorer"] = code_of(scorers.get_scorer, name="polite", experiment_id=experiment)

# what people say of traces
from mlflow.entities.issue import IssueSeverity, IssueStatus
from mlflow.genai import label_schemas, review_queues
from mlflow.tracing.client import TracingClient

labels = [
    label_schemas.create_label_schema("good?", type="feedback", input=label_schemas.InputPassFail("yes", "no"), experiment_id=experiment),
    label_schemas.create_label_schema("tone", type="feedback", input=label_schemas.InputCategorical(["warm", "cold"]), enable_comment=True, instruction="How?", experiment_id=experiment),
    label_schemas.create_label_schema("mark", type="expectation", input=label_schemas.InputNumeric(0, 5), experiment_id=experiment),
]
seen["labels"] = sorted(one.name for one in label_schemas.list_label_schemas(experiment_id=experiment))
got = label_schemas.get_label_schema(name="tone", experiment_id=experiment)
seen["label"] = [got.input.options, got.instruction, got.enable_comment, str(got.type)]
seen["changed label"] = label_schemas.update_label_schema(schema_id=labels[2].schema_id, input=label_schemas.InputText(max_length=9)).input.max_length
seen["label twice"] = code_of(label_schemas.create_label_schema, "tone", type="feedback", input=label_schemas.InputText(), experiment_id=experiment)
queue = review_queues.create_review_queue("Odd ones", queue_type="custom", users=["Ann", "bob"], schema_ids=[labels[0].schema_id], experiment_id=experiment)
seen["queue"] = [queue.name, queue.users, queue.schema_ids == [labels[0].schema_id], str(queue.queue_type)]
seen["own queue"] = [review_queues.get_or_create_user_queue("Ann", experiment_id=experiment).queue_id for _ in range(2)]
seen["own queue"] = seen["own queue"][0] == seen["own queue"][1]
seen["queues of bob"] = [q.name for q in review_queues.list_review_queues(user="Bob", experiment_id=experiment)]
review_queues.add_items_to_review_queue(queue.queue_id, item_ids=["tr-1", "tr-2", "tr-1"])
done = review_queues.set_review_queue_item_status(queue.queue_id, item_id="tr-1", status="complete", completed_by="Ann")
seen["reviewed"] = [str(done.status), done.completed_by, done.completed_time_ms is not None]
seen["to review"] = [item.item_id for item in review_queues.list_review_queue_items(queue.queue_id, status="pending")]
seen["locked questions"] = code_of(review_queues.update_review_queue, queue.queue_id, schema_ids=[])
review_queues.remove_items_from_review_queue(queue.queue_id, item_ids=["tr-1", "tr-2"])
seen["renamed queue"] = review_queues.update_review_queue(queue.queue_id, name="Others", users=["cy"], schema_ids=[]).users
review_queues.delete_review_queue(queue.queue_id)
seen["deleted queue"] = code_of(review_queues.get_review_queue, queue.queue_id)
label_schemas.delete_label_schema(schema_id=labels[0].schema_id)
seen["deleted label"] = code_of(label_schemas.get_label_schema, name="good?", experiment_id=experiment)

tracing = TracingClient()
issue = tracing._create_issue(experiment_id=experiment, name="rude", description="It shouts", severity=IssueSeverity.LOW, root_causes=["prompt"])
severe = tracing._create_issue(experiment_id=experiment, name="wrong", description="It lies", severity=IssueSeverity.HIGH)
seen["issue"] = [issue.status.value, issue.severity.value, issue.root_causes, tracing._get_issue(issue.issue_id).name]
changed = tracing.store.update_issue(issue.issue_id, status=IssueStatus.RESOLVED)
seen["changed issue"] = changed.status.value
seen["issues"] = [one.name for one in tracing.store.search_issues(experiment_id=experiment, include_trace_count=True)]
seen["open issues"] = [one.name for one in tracing.store.search_issues(experiment_id=experiment, filter_string="status = 'pending'")]

client.delete_webhook(other.webhook_id)
seen["deleted webhook"] = code_of(client.get_webhook, other.webhook_id)

# prompts of a run, and an evaluation, in a project of their own
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"].replace("/flights", "/texts"))
mlflow.set_registry_uri(mlflow.get_tracking_uri())
client = MlflowClient()
mlflow.set_experiment("answers")
seen["nothing of the other project"] = [p.name for p in mlflow.genai.search_prompts()]
mlflow.genai.register_prompt(name="ask", template="{{q}}?", tags={"team": "a"}, model_config={"temperature": 0.1})
mlflow.genai.register_prompt(name="ask", template="{{q}}!")
with mlflow.start_run() as run:
    seen["model config"] = mlflow.genai.load_prompt("prompts:/ask/1").model_config
seen["prompts of the run"] = json.loads(client.get_run(run.info.run_id).data.tags["mlflow.linkedPrompts"])
seen["prompts by tag"] = [[p.name for p in mlflow.genai.search_prompts(f"tags.team = '{team}'")] for team in "ab"]
seen["prompts of the experiment"] = [p.name for p in mlflow.genai.search_prompts(f"experiment_id = '{run.info.experiment_id}'")]
client.delete_prompt_version("ask", "1")
seen["deleted prompt version"] = mlflow.genai.load_prompt("prompts:/ask/1", allow_missing=True)
client.delete_prompt("ask")
seen["deleted prompt"] = [p.name for p in mlflow.genai.search_prompts()]
asked = datasets.create_dataset(name="asked")
asked.merge_records([{"inputs": {"q": q}, "expectations": {"a": "A"}} for q in ["a", "b"]])
seen["evaluated"] = float(mlflow.genai.evaluate(data=asked, predict_fn=lambda q: q.upper(), scorers=[exact]).metrics["exact/mean"])
last = client.search_runs([run.info.experiment_id], order_by=["start_time DESC"], max_results=1)[0]
seen["evaluated dataset"] = [one.dataset.name for one in last.inputs.dataset_inputs]

print(json.dumps(seen))
