import fc, { type Arbitrary } from 'fast-check'

/** What exists on the server that is asked, so that many requests get beyond "there is no such thing". */
export interface Known {
  run: string
  experiment: string
  model: string
  loggedModel: string
}

const awkward = fc.oneof(
  fc.constantFrom(
    '',
    '..',
    '../../etc/passwd',
    '%2e%2e/%2e%2e',
    '/etc/passwd',
    'file:///etc/passwd',
    "'; DROP TABLE runs;--",
    '\u0000',
    '{{7*7}}',
    '1e400',
    '-1',
    'NaN',
    'x'.repeat(9000),
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
)
const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, 1, 2 ** 53, -1, 1e308, '12', 'NaN', '-Infinity'))
const pairs = fc.array(
  fc.record({ key: fc.oneof(awkward, fc.constant('k')), value: fc.oneof(awkward, number, fc.jsonValue()) }),
  { maxLength: 4 },
)
const filter = fc.oneof(
  fc
    .array(
      fc.constantFrom(
        ...[
          'metrics.m',
          'params.`a b`',
          'constructor',
          'attributes.__proto__',
          'tags."x"',
          'attributes.status',
          'name',
          "'FINISHED'",
          '1.5',
          '=',
          '!=',
          '>=',
        ],
        ...['LIKE', 'ILIKE', 'IN', 'IS NULL', 'AND', 'OR', 'NOT', '(', ')', "('a','b')", "'", '`', '"', '\\', '%', ';'],
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join(' ')),
  awkward,
)

/** Bodies of MLflow's methods: fields that its messages have, with values that fit, nearly fit or are awful. */
export function mlflowBody(known: Known): Arbitrary<Record<string, unknown>> {
  const point = fc.record(
    { key: fc.oneof(awkward, fc.constant('m')), value: number, timestamp: number, step: number },
    { requiredKeys: [] },
  )
  const or = (good: string, more: Arbitrary<unknown> = awkward) =>
    fc.oneof({ weight: 2, arbitrary: fc.constant(good) }, more)
  const fields: Record<string, Arbitrary<unknown>> = {
    run_id: or(known.run),
    run_uuid: or(known.run),
    run_ids: fc.array(or(known.run), { maxLength: 3 }),
    experiment_id: or(known.experiment),
    experiment_ids: fc.array(or(known.experiment), { maxLength: 3 }),
    experiment_name: awkward,
    name: or(known.model),
    new_name: awkward,
    model_id: or(known.loggedModel),
    version: fc.oneof(number, awkward),
    alias: or('champion'),
    stage: or('Production'),
    stages: fc.array(awkward, { maxLength: 2 }),
    archive_existing_versions: fc.anything(),
    source: awkward,
    artifact_location: awkward,
    key: or('k'),
    metric_key: or('m'),
    metric_keys: fc.array(awkward, { maxLength: 2 }),
    tag_key: awkward,
    value: fc.oneof(awkward, number),
    timestamp: number,
    step: number,
    start_time: number,
    end_time: number,
    start_step: number,
    end_step: number,
    status: or('FINISHED'),
    lifecycle_stage: awkward,
    view_type: or('ALL'),
    run_view_type: or('ACTIVE_ONLY'),
    metrics: fc.oneof(fc.array(point, { maxLength: 4 }), fc.jsonValue()),
    params: fc.oneof(pairs, fc.jsonValue()),
    tags: fc.oneof(pairs, fc.jsonValue()),
    filter,
    filter_string: filter,
    order_by: fc.oneof(fc.array(filter, { maxLength: 3 }), filter),
    max_results: number,
    page_token: fc.oneof(awkward, fc.constant('eyJvZmZzZXQiOiAtMX0='), fc.constant('eyJvZmZzZXQiOiAxfQ==')),
    path: awkward,
    description: awkward,
    datasets: fc.oneof(
      fc.array(
        fc.record({
          dataset: fc.dictionary(fc.constantFrom('name', 'digest', 'source', 'source_type'), awkward),
          tags: pairs,
        }),
        {
          maxLength: 2,
        },
      ),
      fc.jsonValue(),
    ),
    models: fc.jsonValue(),
    model_json: fc.oneof(awkward, fc.json()),
    url: or('http://127.0.0.1:1/hook'),
    events: fc.jsonValue(),
    secret: awkward,
    trace_id: awkward,
    trace_ids: fc.array(awkward, { maxLength: 2 }),
    request_id: awkward,
    trace: fc.jsonValue(),
    assessment: fc.jsonValue(),
    locations: fc.jsonValue(),
    max_timestamp_millis: number,
    records: fc.oneof(fc.json(), fc.jsonValue()),
    dataset_id: awkward,
    serialized_scorer: fc.oneof(fc.json(), awkward),
    num_parts: number,
    upload_id: awkward,
    parts: fc.jsonValue(),
  }
  const names = Object.keys(fields)
  return fc
    .array(fc.constantFrom(...names), { maxLength: 12 })
    .chain((chosen) => fc.record(Object.fromEntries([...new Set(chosen)].map((name) => [name, fields[name]!]))))
}

/** One value for a part of an address. */
export const addressPart = (known: Known) =>
  fc.oneof(fc.constantFrom(known.run, known.experiment, known.model, known.loggedModel, '1', 'champion'), awkward)
