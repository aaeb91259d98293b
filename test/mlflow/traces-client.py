"""What MLflow's own client does with traces; prints what it saw as one line of JSON."""
import json
import threading
import time

import mlflow
from mlflow import MlflowClient
from mlflow.entities import AssessmentError, AssessmentSource, SpanEvent, SpanType
from mlflow.exceptions import MlflowException

seen = {}
client = MlflowClient()
mlflow.set_experiment("traced")
experiment = mlflow.get_experiment_by_name("traced").experiment_id


@mlflow.trace(span_type=SpanType.RETRIEVER, attributes={"top_k": 3, "ratio": 1.0, "flags": [True, None], "who": "größer"})
def retrieve(question):
    return [{"id": 1, "text": "a \"quoted\" text"}, {"id": 2, "text": "b"}]


@mlflow.trace(span_type=SpanType.LLM)
def ask(question, facts):
    span = mlflow.get_current_active_span()
    span.set_attribute("model", "tiny")
    span.add_event(SpanEvent(name="token", attributes={"n": 1, "text": "x"}))
    return f"{question}: {len(facts)}"


@mlflow.trace(name="answer", span_type=SpanType.CHAIN)
def answer(question):
    mlflow.update_current_trace(tags={"kind": "good"}, metadata={"mlflow.trace.session": "s-1"})
    return ask(question, retrieve(question))


@mlflow.trace
def fails():
    raise ValueError("no luck")


answer("how many")
good = mlflow.get_last_active_trace_id()
try:
    fails()
except ValueError:
    pass
bad = mlflow.get_last_active_trace_id()
with mlflow.start_run() as run:
    answer("in a run")
    in_run = mlflow.get_last_active_trace_id()
mlflow.flush_trace_async_logging()

trace = mlflow.get_trace(good)
seen["state"] = str(trace.info.state)
seen["location"] = trace.info.tags["mlflow.trace.spansLocation"]
seen["name"] = trace.info.tags["mlflow.traceName"]
seen["tag"] = trace.info.tags["kind"]
seen["session"] = trace.info.trace_metadata["mlflow.trace.session"]
seen["previews"] = [trace.info.request_preview, trace.info.response_preview]
by_name = {span.name: span for span in trace.data.spans}
root = by_name["answer"]
seen["spans"] = [
    [span.name, span.span_type, str(span.status.status_code.value), span.parent_id == root.span_id]
    for span in trace.data.spans
]
seen["inputs"] = root.inputs
seen["outputs"] = root.outputs
found = by_name["retrieve"]
seen["attributes"] = {key: found.attributes[key] for key in ("top_k", "ratio", "flags", "who")}
seen["ratio is a float"] = isinstance(found.attributes["ratio"], float)
seen["retrieved"] = found.outputs
seen["events"] = [[event.name, event.attributes] for event in by_name["ask"].events]
seen["nanoseconds"] = root.start_time_ns % 1000 != 0 or root.end_time_ns % 1000 != 0
seen["duration"] = trace.info.execution_duration is not None

failed = mlflow.get_trace(bad)
seen["failed"] = [str(failed.info.state), failed.data.spans[0].status.status_code.value, failed.data.spans[0].events[0].name]
seen["message"] = failed.data.spans[0].events[0].attributes["exception.message"]


def search(filter_string=None, **options):
    traces = client.search_traces(locations=[experiment], filter_string=filter_string, **options)
    names = {good: "good", bad: "bad", in_run: "run"}
    return sorted(names.get(one.info.trace_id, "?") for one in traces)


seen["search"] = {
    text: search(text)
    for text in [
        "status = 'ERROR'",
        "attributes.status = 'OK' AND tags.kind = 'good'",
        "name = 'fails'",
        "name LIKE 'ans%'",
        f"run_id = '{run.info.run_id}'",
        "trace.text ILIKE '%A \"QUOTED\" text%'",
        "span.name = 'ask' AND span.type = 'LLM'",
        "span.name = 'ask' AND span.type = 'CHAIN'",
        "span.attributes.model LIKE 'ti%'",
        "metadata.`mlflow.trace.session` = 's-1'",
        "timestamp_ms > 0 AND execution_time >= 0",
        "tags.kind IS NULL",
        "request_metadata.`mlflow.sourceRun` IS NOT NULL",
    ]
}
ordered = client.search_traces(locations=[experiment], order_by=["timestamp ASC"], max_results=2, include_spans=False)
rest = client.search_traces(
    locations=[experiment], order_by=["timestamp ASC"], max_results=2, page_token=ordered.token, include_spans=False
)
seen["pages"] = [[one.info.trace_id for one in page] == want for page, want in ((ordered, [good, bad]), (rest, [in_run]))]
frame = mlflow.search_traces(locations=[experiment])
seen["frame"] = [len(frame), "trace_id" in frame.columns]

mlflow.set_trace_tag(good, "reviewed", "yes")
seen["tagged"] = mlflow.get_trace(good).info.tags["reviewed"]
mlflow.delete_trace_tag(good, "reviewed")
seen["untagged"] = "reviewed" in mlflow.get_trace(good).info.tags
try:
    client.delete_trace_tag(good, "reviewed")
except MlflowException as error:
    seen["missing tag"] = [error.error_code, error.get_http_status_code()]

human = AssessmentSource(source_type="HUMAN", source_id="ann")
first = mlflow.log_feedback(
    trace_id=good, name="correct", value=False, rationale="it is not", source=human, metadata={"a": "b"}
)
mlflow.log_expectation(trace_id=good, name="facts", value={"list": [1, 2]}, source=human)
mlflow.log_feedback(trace_id=good, name="score", value=0.9, span_id=root.span_id)
mlflow.log_feedback(trace_id=bad, name="judge", error=AssessmentError(error_code="RATE", error_message="slow"))
seen["assessments"] = [
    [one.name, type(one).__name__, one.value, one.source.source_type, one.valid]
    for one in sorted(mlflow.get_trace(good).info.assessments, key=lambda one: one.name)
]
judge = mlflow.get_trace(bad).info.assessments[0]
seen["judge"] = [judge.error.error_code, judge.error.error_message, judge.value]
seen["by feedback"] = [search("feedback.correct = 'false'"), search("feedback.score > 0.5"), search("expectation.facts IS NOT NULL")]
second = mlflow.override_feedback(trace_id=good, assessment_id=first.assessment_id, value=True, rationale="it is")
seen["overridden"] = [
    mlflow.get_assessment(good, first.assessment_id).valid,
    mlflow.get_assessment(good, second.assessment_id).overrides == first.assessment_id,
]
mlflow.delete_assessment(good, second.assessment_id)
seen["restored"] = mlflow.get_assessment(good, first.assessment_id).valid
first.rationale = "for sure"
updated = mlflow.update_assessment(trace_id=good, assessment_id=first.assessment_id, assessment=first)
seen["updated"] = [updated.rationale, updated.value, updated.metadata]
try:
    mlflow.get_assessment(good, "a-none")
except MlflowException as error:
    seen["missing assessment"] = error.error_code

with mlflow.start_run() as other:
    pass
client.link_traces_to_run([good], other.info.run_id)
seen["linked"] = search(f"run_id = '{other.info.run_id}'")

# spans of a trace that goes on in another thread come in later batches
span = mlflow.start_span_no_context("slow", inputs={"x": 1})
child = mlflow.start_span_no_context("part", parent_span=span)
child.end(outputs={"y": 2})
mlflow.flush_trace_async_logging()
live = client.search_traces(locations=[experiment], filter_string="status = 'IN_PROGRESS'")
seen["live"] = [[str(one.info.state), [part.name for part in one.data.spans]] for one in live]
span.end(outputs={"z": 3})
mlflow.flush_trace_async_logging()
ended = client.get_trace(span.trace_id)
seen["ended"] = [str(ended.info.state), [one.name for one in ended.data.spans]]

workers = [threading.Thread(target=answer, args=(f"q{i}",)) for i in range(8)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
mlflow.flush_trace_async_logging()
seen["many"] = len(client.search_traces(locations=[experiment], filter_string="name = 'answer'", max_results=100))

copied = mlflow.log_trace(name="logged", request="hi", response="ho")
mlflow.flush_trace_async_logging()
seen["logged"] = [mlflow.get_trace(copied).data.spans[0].inputs, mlflow.get_trace(copied).data.spans[0].outputs]

seen["deleted"] = client.delete_traces(experiment, trace_ids=[bad])
try:
    client.get_trace(bad)
except MlflowException as error:
    seen["gone"] = error.error_code
seen["deleted oldest"] = client.delete_traces(experiment, max_timestamp_millis=int(time.time() * 1000) + 1000, max_traces=1)
seen["oldest"] = search("tags.kind = 'good' AND timestamp > 0").count("good")
print(json.dumps(seen))
