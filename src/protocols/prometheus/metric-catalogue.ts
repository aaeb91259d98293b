export interface MetricFamily {
  /** as Prometheus names it: with its unit, and `_total` where it only rises */
  name: string
  kind: 'gauge' | 'counter'
  help: string
  unit: string
  labels: readonly string[]
}

const family = (
  kind: MetricFamily['kind'],
  name: string,
  help: string,
  labels: readonly string[] = [],
  unit = '1',
): MetricFamily => ({ kind, name, help, labels, unit })

const endpoint = ['project', 'endpoint'] as const
const monitor = [...endpoint, 'family', 'monitor', 'feature', 'revision'] as const

/** Every metric that leaves Kedge, whatever protocol takes it out; dashboards ask for nothing else. */
export const metricCatalogue = {
  info: family('gauge', 'kedge_info', 'Always 1; the version is a label', ['version']),
  started: family('gauge', 'kedge_start_time_seconds', 'When the server started', [], 's'),
  memory: family('gauge', 'kedge_resident_memory_bytes', 'Memory of the control process', [], 'By'),
  journal: family('counter', 'kedge_journal_entries_total', 'Entries of the journal'),
  jobs: family('gauge', 'kedge_jobs', 'Jobs that wait or run', ['state']),
  engineUp: family('gauge', 'kedge_events_engine_up', 'Whether the events engine is ready'),
  engineRestarts: family(
    'counter',
    'kedge_events_engine_restarts_total',
    'How often the events process was started again',
  ),
  nodeMemory: family('gauge', 'kedge_inference_memory_bytes', 'Memory of an inference process', ['node'], 'By'),
  spool: family('gauge', 'kedge_spool_bytes', 'Recorded predictions that wait to be stored', ['node'], 'By'),
  dropped: family('counter', 'kedge_spool_dropped_total', 'Predictions that were answered but not recorded', ['node']),
  predictions: family('counter', 'kedge_predictions_total', 'Predictions that callers were answered', endpoint),
  shadows: family('counter', 'kedge_shadow_predictions_total', 'Predictions in shadow', endpoint),
  errors: family('counter', 'kedge_prediction_errors_total', 'Predictions that failed', endpoint),
  unrecorded: family('counter', 'kedge_unrecorded_predictions_total', 'Predictions that are not on record', endpoint),
  cpu: family('counter', 'kedge_prediction_cpu_seconds_total', 'Processor time of predictions', endpoint, 's'),
  rate: family('gauge', 'kedge_predictions_per_second', 'Over the last ten seconds', endpoint),
  latency: family('gauge', 'kedge_prediction_latency_seconds', 'Over the last minute', [...endpoint, 'quantile'], 's'),
  ready: family('gauge', 'kedge_endpoint_ready', 'Whether a revision answers', endpoint),
  traffic: family('gauge', 'kedge_revision_traffic_ratio', 'Share of the callers', [
    ...endpoint,
    'revision',
    'version',
  ]),
  lastPrediction: family(
    'gauge',
    'kedge_last_prediction_timestamp_seconds',
    'Event time of the newest prediction',
    endpoint,
    's',
  ),
  lastActual: family(
    'gauge',
    'kedge_last_actual_timestamp_seconds',
    'Start of the newest hour with an actual',
    endpoint,
    's',
  ),
  stale: family('gauge', 'kedge_stale_hours', 'Hours that wait to be computed', endpoint),
  state: family(
    'gauge',
    'kedge_monitor_state',
    'Of the newest window: 0 ok, 1 watch, 2 violation, -1 too few samples or no reference',
    [...endpoint, 'family'],
  ),
  score: family('gauge', 'kedge_monitor_score', 'Score of a monitor in the newest window', monitor),
  threshold: family('gauge', 'kedge_monitor_threshold', 'Upper end of what is in the ordinary', monitor),
  omitted: family(
    'gauge',
    'kedge_monitor_scores_omitted',
    'Scores that are left out, so that series stay few',
    endpoint,
  ),
  alertsOpen: family('gauge', 'kedge_alerts_open', 'Open alerts', [...endpoint, 'family']),
  alerts: family('counter', 'kedge_alerts_total', 'Alerts that were opened', [...endpoint, 'family']),
} as const satisfies Record<string, MetricFamily>

export type MetricKey = keyof typeof metricCatalogue

export interface Sample {
  labels: Readonly<Record<string, string>>
  value: number
}

/** What was measured at one moment, by the metrics of the catalogue. */
export type Metrics = Map<MetricKey, Sample[]>
