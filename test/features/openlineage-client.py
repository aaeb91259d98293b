"""Reads events with the classes of OpenLineage's own client, which refuse what they do not know, and sends one."""
import json
import os
import sys

from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    column_lineage_dataset as lineage,
    data_quality_assertions_dataset as assertions,
    data_quality_metrics_dataset as metrics,
    data_quality_metrics_input_dataset as input_metrics,
    dataset_version_dataset as version,
    error_message_run as error,
    job_type_job as job_type,
    output_statistics_output_dataset as statistics,
    parent_run as parent,
    schema_dataset as schema,
)
from openlineage.client.transport.http import HttpConfig, HttpTransport

known = {
    "schema": lambda f: schema.SchemaDatasetFacet(fields=[schema.SchemaDatasetFacetFields(**x) for x in f["fields"]]),
    "version": lambda f: version.DatasetVersionDatasetFacet(**f),
    "dataQualityMetrics": lambda f: (
        metrics.DataQualityMetricsDatasetFacet(
            **{**f, "columnMetrics": {k: metrics.ColumnMetrics(**v) for k, v in f["columnMetrics"].items()}}
        )
        if "fileCount" in f
        else input_metrics.DataQualityMetricsInputDatasetFacet(
            **{**f, "columnMetrics": {k: input_metrics.ColumnMetrics(**v) for k, v in f["columnMetrics"].items()}}
        )
    ),
    "dataQualityAssertions": lambda f: assertions.DataQualityAssertionsDatasetFacet(
        assertions=[assertions.Assertion(**x) for x in f["assertions"]]
    ),
    "columnLineage": lambda f: lineage.ColumnLineageDatasetFacet(
        fields={
            k: lineage.Fields(
                inputFields=[
                    lineage.InputField(**{**x, "transformations": [lineage.Transformation(**t) for t in x["transformations"]]})
                    for x in v["inputFields"]
                ]
            )
            for k, v in f["fields"].items()
        }
    ),
    "outputStatistics": lambda f: statistics.OutputStatisticsOutputDatasetFacet(**f),
    "errorMessage": lambda f: error.ErrorMessageRunFacet(**f),
    "jobType": lambda f: job_type.JobTypeJobFacet(**f),
    "parent": lambda f: parent.ParentRunFacet(run=parent.Run(**f["run"]), job=parent.Job(**f["job"])),
}


def facets(given):
    made = {}
    for name, facet in (given or {}).items():
        facet = dict(facet)
        assert facet.pop("_producer")
        url = facet.pop("_schemaURL")
        made[name] = known[name](facet)
        assert made[name]._schemaURL == url, (made[name]._schemaURL, url)
    return made


events = []
for line in open(os.environ["EVENTS"]):
    e = json.loads(line)
    events.append(
        RunEvent(
            eventTime=e["eventTime"],
            producer=e["producer"],
            eventType=RunState[e["eventType"]],
            run=Run(runId=e["run"]["runId"], facets=facets(e["run"]["facets"])),
            job=Job(namespace=e["job"]["namespace"], name=e["job"]["name"], facets=facets(e["job"]["facets"])),
            inputs=[
                InputDataset(d["namespace"], d["name"], facets=facets(d["facets"]), inputFacets=facets(d.get("inputFacets")))
                for d in e["inputs"]
            ],
            outputs=[
                OutputDataset(d["namespace"], d["name"], facets=facets(d["facets"]), outputFacets=facets(d.get("outputFacets")))
                for d in e["outputs"]
            ],
        )
    )
    assert events[-1].schemaURL == e["schemaURL"], e["schemaURL"]

client = OpenLineageClient(transport=HttpTransport(HttpConfig(url=os.environ["KEDGE"])))
run = Run(runId="01945ad6-7d6c-7f3a-9c0a-0d1f2e3a4b5c")
job = Job(namespace="airflow", name="reports.daily")
made = OutputDataset(
    "postgres://db:5432",
    "shop.public.report",
    facets={
        "columnLineage": lineage.ColumnLineageDatasetFacet(
            fields={
                "income": lineage.Fields(
                    inputFields=[lineage.InputField(namespace="kedge://default", name="sales", field="euros")]
                )
            }
        )
    },
)
for state, outputs in ((RunState.START, []), (RunState.COMPLETE, [made]), (RunState.COMPLETE, [made])):
    client.emit(
        RunEvent(
            eventTime="2026-01-01T00:00:0%d+00:00" % (0 if state == RunState.START else 1),
            producer="urn:test",
            eventType=state,
            run=run,
            job=job,
            inputs=[InputDataset("kedge://default", "sales")],
            outputs=outputs,
        )
    )
json.dump([[e.eventType.value, e.job.name] for e in events], sys.stdout)
