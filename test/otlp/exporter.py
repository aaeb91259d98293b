"""Predictions and actuals through OpenTelemetry's own exporter, as an application would send them."""
import json
import os
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

start = int(os.environ["KEDGE_START"]) * 1_000_000
exporter = OTLPLogExporter(
    endpoint=os.environ["KEDGE_LOGS"],
    compression=Compression.Gzip,
)
provider = LoggerProvider(resource=Resource.create({"service.name": "fraud"}))
provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
logger = provider.get_logger("model")


def emit(name, at, attributes, body=None):
    try:
        logger.emit(timestamp=at, event_name=name, attributes=attributes, body=body, severity_number=SeverityNumber.INFO)
    except TypeError:
        from opentelemetry._logs import LogRecord
        logger.emit(LogRecord(timestamp=at, event_name=name, attributes=attributes, body=body, severity_number=SeverityNumber.INFO))


for i in range(50):
    emit("kedge.prediction", start + i * 1_000_000_000, {
        "kedge.id": f"o{i}", "kedge.score": i / 50, "kedge.version": "3", "kedge.latency_ms": 1.5,
        "kedge.features.amount": 10.0 * i, "kedge.features.country": "CH" if i % 2 else "DE",
    })
    emit("kedge.actual", start + i * 1_000_000_000, {"kedge.id": f"o{i}", "kedge.value": i % 2 == 0})
# everything in the body, and to another endpoint
emit("kedge.prediction", start, {"kedge.endpoint": "other"}, {"id": "b", "score": 0.25, "features": {"amount": 7, "vip": True}})
emit("", start, {"message": "an ordinary line of a log"})
provider.shutdown()
print("SENT" + json.dumps({"done": True}))
