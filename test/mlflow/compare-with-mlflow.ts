// Over 300 lines: most of them are the requests, in the order in which one needs the other.
// By hand: the same requests to MLflow's own server and to Kedge, and what they answer differently.
//   python3 -m venv v && v/bin/pip install mlflow==3.17.2
//   v/bin/mlflow server --backend-store-uri sqlite:///m.db --artifacts-destination art --port 5999
//   node test/mlflow/compare-with-mlflow.ts http://127.0.0.1:5999
// Different on purpose: no 500 for a caller's mistake; an address within a run needs no run_id beside it; a run that does
// not exist is no source; versions found by a search have their aliases; what does not exist is 404 everywhere; names longer
// than 256 and max_results below 1 are refused; addresses of downloads are resolved.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startTrackingServer } from '../servers/tracking-server.ts'

interface Step {
  method: string
  path: string
  body?: unknown
  /** remembers a part of the answer under a name, for `$name` in later steps */
  keep?: [name: string, path: string[]]
  raw?: boolean
}

// names of their own in each round, so that a server may be used again
const round = Date.now().toString(36)
const model = `m-${round}`
const other = `o-${round}`
const prompt = `p-${round}`
/** for what is answered differently on purpose, so that nothing after it differs for that */
const apart = `${round}-d`
const v2 = '/api/2.0/mlflow'
const v3 = '/api/3.0/mlflow'
const get = (path: string, query: Record<string, string | string[]> = {}): Step => {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) for (const one of [value].flat()) search.append(key, one)
  return { method: 'GET', path: `${path}${search.size > 0 ? `?${search}` : ''}` }
}
const post = (path: string, body: unknown): Step => ({ method: 'POST', path, body })
const patch = (path: string, body: unknown): Step => ({ method: 'PATCH', path, body })
const remove = (path: string, body?: unknown): Step => ({ method: 'DELETE', path, ...(body ? { body } : {}) })
const keep = (step: Step, name: string, ...path: string[]): Step => ({ ...step, keep: [name, path] })

const models = `${v2}/registered-models`
const versions = `${v2}/model-versions`
const version = (number: string) => ({ name: model, version: number })

const steps: Step[] = [
  keep(post(`${v2}/experiments/create`, { name: `e-${round}` }), 'experiment', 'experiment_id'),
  keep(post(`${v2}/runs/create`, { experiment_id: '$experiment', start_time: 1 }), 'run', 'run', 'info', 'run_id'),
  {
    method: 'PUT',
    path: '/api/2.0/mlflow-artifacts/artifacts/$experiment/$run/artifacts/model/a.txt',
    body: 'abc',
    raw: true,
  },

  // registered models
  post(`${models}/create`, { name: model, tags: [{ key: 'k', value: 'v' }], description: 'text' }),
  post(`${models}/create`, { name: model }),
  post(`${models}/create`, {}),
  post(`${models}/create`, { name: '' }),
  post(`${models}/create`, { name: 'a/b' }),
  post(`${models}/create`, { name: 'a:b' }),
  post(`${models}/create`, { name: ' ' }),
  post(`${models}/create`, { name: 'n'.repeat(257) }),
  post(`${models}/create`, { name: 5 }),
  post(`${models}/create`, { name: `t-${round}`, tags: [{ key: '', value: 'v' }] }),
  post(`${models}/create`, { name: `t-${round}`, tags: [{ key: 'k'.repeat(251), value: 'v' }] }),
  post(`${models}/create`, { name: `t-${round}`, tags: 'text' }),
  get(`${models}/get`, { name: model }),
  get(`${models}/get`, { name: 'none' }),
  get(`${models}/get`),
  patch(`${models}/update`, { name: model, description: 'other' }),
  patch(`${models}/update`, { name: model }),
  patch(`${models}/update`, { name: 'none', description: 'x' }),
  post(`${models}/set-tag`, { name: model, key: 'a', value: 'b' }),
  post(`${models}/set-tag`, { name: model, key: 'a' }),
  post(`${models}/set-tag`, { name: model, value: 'a' }),
  post(`${models}/set-tag`, { name: 'none', key: 'a', value: 'b' }),
  remove(`${models}/delete-tag`, { name: model, key: 'a' }),
  remove(`${models}/delete-tag`, { name: model, key: 'a' }),
  remove(`${models}/delete-tag`, { name: 'none', key: 'a' }),

  // versions
  post(`${models}/create`, { name: apart }),
  post(`${versions}/create`, {
    name: model,
    source: 'runs:/$run/model',
    run_id: '$run',
    tags: [{ key: 'k', value: '1' }],
  }),
  post(`${versions}/create`, { name: model, source: 'runs:/$run/model', run_id: '$run', description: 'two' }),
  post(`${versions}/create`, {
    name: model,
    source: 'mlflow-artifacts:/$experiment/$run/artifacts/model',
    run_id: '$run',
  }),
  post(`${versions}/create`, { name: model, source: `models:/${model}/1` }),
  post(`${versions}/create`, { name: model, source: `models:/${model}/99` }),
  post(`${versions}/create`, { name: model, source: 'models:/none/1' }),
  post(`${versions}/create`, { name: model, source: 's3://bucket/path' }),
  post(`${versions}/create`, { name: model, source: 's3://bucket/../path' }),
  post(`${versions}/create`, { name: model, source: 's3://bucket/%2e%2e/path' }),
  post(`${versions}/create`, { name: model, source: 's3://bucket/%252e%252e/path' }),
  post(`${versions}/create`, { name: model, source: 'mlflow-artifacts:/../../etc', run_id: '$run' }),
  post(`${versions}/create`, { name: model, source: 'mlflow-artifacts:/99/other/artifacts', run_id: '$run' }),
  post(`${versions}/create`, { name: apart, source: 'mlflow-artifacts:/$experiment/$run/artifacts/model' }),
  post(`${versions}/create`, { name: apart, source: 'runs:/$run/model' }),
  post(`${versions}/create`, { name: apart, source: 'runs:/none/model', run_id: 'none' }),
  post(`${versions}/create`, { name: model, source: 'models:/m-00000000000000000000000000000000' }),
  post(`${versions}/create`, { name: model, source: 'http://10.0.0.1/api/2.0/mlflow-artifacts/artifacts/../x' }),
  post(`${versions}/create`, { name: model, source: 'http://169.254.169.254/latest/meta-data' }),
  post(`${versions}/create`, { name: model, source: 'ftp://10.0.0.1/x' }),
  post(`${versions}/create`, { name: model, source: 'file:///etc/passwd' }),
  post(`${versions}/create`, { name: model, source: '/etc/passwd' }),
  post(`${versions}/create`, { name: model, source: '.' }),
  post(`${versions}/create`, { name: model, source: 'file://host/share' }),
  post(`${versions}/create`, { name: 'none', source: 's3://b/p' }),
  post(`${versions}/create`, { name: model }),
  post(`${versions}/create`, { source: 's3://b/p' }),
  get(`${versions}/get`, version('1')),
  get(`${versions}/get`, version('4')),
  get(`${versions}/get`, version('99')),
  get(`${versions}/get`, version('text')),
  get(`${versions}/get`, version('0')),
  get(`${versions}/get`, { name: model }),
  get(`${versions}/get-download-uri`, version('2')),
  get(`${versions}/get-download-uri`, version('4')),
  get(`${versions}/get-download-uri`, version('99')),
  patch(`${versions}/update`, { ...version('1'), description: 'changed' }),
  patch(`${versions}/update`, { ...version('99'), description: 'changed' }),
  post(`${versions}/set-tag`, { ...version('1'), key: 'x', value: 'y' }),
  post(`${versions}/set-tag`, { ...version('99'), key: 'x', value: 'y' }),
  post(`${versions}/set-tag`, { ...version('1'), value: 'y' }),
  remove(`${versions}/delete-tag`, { ...version('1'), key: 'k' }),
  remove(`${versions}/delete-tag`, { ...version('1'), key: 'never' }),

  // aliases
  post(`${models}/alias`, { ...version('1'), alias: 'champion' }),
  post(`${models}/alias`, { ...version('2'), alias: 'champion' }),
  post(`${models}/alias`, { ...version('2'), alias: 'second' }),
  post(`${models}/alias`, { ...version('99'), alias: 'x' }),
  post(`${models}/alias`, { name: 'none', version: '1', alias: 'x' }),
  ...['latest', 'LATEST', 'v1', 'V12', 'a b', 'a/b', '', 'ä', 'x'.repeat(256), 'x'.repeat(255)].map((alias) =>
    post(`${models}/alias`, { ...version('1'), alias }),
  ),
  get(`${models}/alias`, { name: model, alias: 'champion' }),
  get(`${models}/alias`, { name: model, alias: 'latest' }),
  get(`${models}/alias`, { name: model, alias: 'none' }),
  get(`${models}/alias`, { name: 'none', alias: 'champion' }),
  remove(`${models}/alias`, { name: model, alias: 'none' }),
  remove(`${models}/alias`, { name: 'none', alias: 'champion' }),
  remove(`${models}/alias`, { name: model, alias: 'x'.repeat(255) }),
  remove(`${models}/alias`, { name: model, alias: 'ä' }),

  // stages
  post(`${versions}/transition-stage`, { ...version('1'), stage: 'Production' }),
  post(`${versions}/transition-stage`, { ...version('2'), stage: 'production', archive_existing_versions: true }),
  post(`${versions}/transition-stage`, { ...version('2'), stage: 'Wrong' }),
  post(`${versions}/transition-stage`, { ...version('2'), stage: 'None', archive_existing_versions: true }),
  post(`${versions}/transition-stage`, { ...version('99'), stage: 'Staging' }),
  post(`${versions}/transition-stage`, version('2')),
  post(`${models}/get-latest-versions`, { name: model }),
  post(`${models}/get-latest-versions`, { name: model, stages: ['Production', 'archived'] }),
  post(`${models}/get-latest-versions`, { name: model, stages: ['wrong'] }),
  get(`${models}/get-latest-versions`, { name: model, stages: 'None' }),
  post(`${models}/get-latest-versions`, { name: 'none' }),

  // prompts
  post(`${models}/create`, { name: prompt, tags: [{ key: 'mlflow.prompt.is_prompt', value: 'true' }] }),
  post(`${versions}/create`, {
    name: prompt,
    source: 'dummy-source',
    tags: [
      { key: 'mlflow.prompt.is_prompt', value: 'true' },
      { key: 'mlflow.prompt.text', value: 'Hi' },
    ],
  }),
  post(`${versions}/create`, {
    name: prompt,
    source: '/etc/passwd',
    tags: [{ key: 'mlflow.prompt.is_prompt', value: 'true' }],
  }),
  post(`${versions}/create`, { name: model, source: `models:/${prompt}/1` }),

  // searches
  post(`${models}/create`, { name: other }),
  post(`${versions}/create`, { name: other, source: 's3://b/one' }),
  ...[
    `name LIKE '%${round}'`,
    `name ILIKE 'M-%' AND name LIKE '%${round}'`,
    `name = '${model}'`,
    `name != '${model}' AND name LIKE '%${round}'`,
    `name IN ('${model}', '${other}')`,
    `tags.k = 'v' AND name LIKE '%${round}'`,
    `tags.\`mlflow.prompt.is_prompt\` = 'true' AND name LIKE '%${round}'`,
    `tags.\`mlflow.prompt.is_prompt\` != 'true' AND name LIKE '%${round}'`,
    `tags.\`mlflow.prompt.is_prompt\` = 'false' AND name LIKE '%${round}'`,
    'nothing = 1',
    'name = ',
    "name > 'a'",
    "run_id = 'a'",
  ].map((filter) => get(`${models}/search`, { filter })),
  get(`${models}/search`, { filter: `name LIKE '%${round}'`, order_by: ['name DESC'] }),
  get(`${models}/search`, { filter: `name LIKE '%${round}'`, order_by: ['last_updated_timestamp ASC', 'name'] }),
  get(`${models}/search`, { order_by: ['wrong'] }),
  get(`${models}/search`, { order_by: ['name wrong'] }),
  keep(get(`${models}/search`, { filter: `name LIKE '%${round}'`, max_results: '1' }), 'page', 'next_page_token'),
  get(`${models}/search`, { filter: `name LIKE '%${round}'`, max_results: '1', page_token: '$page' }),
  ...['0', '-1', '1001', 'text'].map((max_results) => get(`${models}/search`, { max_results })),
  get(`${models}/search`, { page_token: 'nonsense' }),
  ...[
    `name = '${model}'`,
    `name LIKE '%${round}'`,
    `run_id = '$run'`,
    `source_path = 's3://bucket/path' AND name = '${model}'`,
    `name = '${model}' AND version_number > 2`,
    `name = '${model}' AND version_number = '2'`,
    `name = '${model}' AND tags.x = 'y'`,
    `name IN ('${model}', '${other}')`,
    `run_id IN ('$run')`,
    `name = '${prompt}'`,
    `name = '${prompt}' AND tags.\`mlflow.prompt.is_prompt\` = 'true'`,
    'wrong = 1',
  ].map((filter) => get(`${versions}/search`, { filter })),
  get(`${versions}/search`, { filter: `name = '${model}'`, order_by: ['version_number ASC'] }),
  get(`${versions}/search`, { filter: `name LIKE '%${round}'`, order_by: ['name DESC', 'version_number ASC'] }),
  get(`${versions}/search`, { order_by: ['wrong'] }),
  ...['0', '-1', '200001'].map((max_results) => get(`${versions}/search`, { max_results })),

  // files of a version
  get('/model-versions/get-artifact', { ...version('1'), path: 'a.txt' }),
  get('/model-versions/get-artifact', { ...version('1'), path: '../a.txt' }),
  get('/model-versions/get-artifact', { ...version('1'), path: 'none.txt' }),
  get('/get-artifact', { run_id: '$run', path: 'model/a.txt' }),
  get('/get-artifact', { run_id: '$run', path: '../../x' }),
  get('/get-artifact', { run_id: '$run', path: '/etc/passwd' }),
  get('/get-artifact', { run_id: '$run', path: 'none' }),

  // renaming and deleting
  post(`${models}/rename`, { name: other, new_name: model }),
  post(`${models}/rename`, { name: other, new_name: `${other}-b` }),
  post(`${models}/rename`, { name: other, new_name: 'x' }),
  post(`${models}/rename`, { name: `${other}-b`, new_name: 'a/b' }),
  post(`${models}/rename`, { name: `${other}-b`, new_name: '' }),
  get(`${versions}/get`, { name: `${other}-b`, version: '1' }),
  remove(`${versions}/delete`, version('2')),
  remove(`${versions}/delete`, version('2')),
  remove(`${versions}/delete`, version('99')),
  get(`${versions}/get`, version('2')),
  get(`${models}/alias`, { name: model, alias: 'champion' }),
  get(`${models}/get`, { name: model }),
  post(`${versions}/create`, { name: model, source: 's3://bucket/after' }),
  remove(`${models}/delete`, { name: model }),
  remove(`${models}/delete`, { name: model }),
  get(`${versions}/get`, version('1')),
  get(`${versions}/search`, { filter: `name = '${model}'` }),

  // webhooks
  ...[
    {},
    { name: 'x', url: 'https://example.com', events: [] },
    { name: 'x y', url: 'https://example.com', events: [{ entity: 'PROMPT', action: 'CREATED' }] },
    { name: 'x', url: 'file:///x', events: [{ entity: 'PROMPT', action: 'CREATED' }] },
    { name: 'x', url: 'text', events: [{ entity: 'PROMPT', action: 'CREATED' }] },
    { name: 'x', url: ' ', events: [{ entity: 'PROMPT', action: 'CREATED' }] },
    { name: 'x', url: 'https://93.184.216.34/x', events: [{ entity: 'PROMPT', action: 'DELETED' }] },
    { name: 'x', url: 'https://93.184.216.34/x', events: [{ entity: 'WRONG', action: 'DELETED' }] },
  ].map((body) => post(`${v2}/webhooks`, body)),
  keep(
    post(`${v2}/webhooks`, {
      name: 'x',
      url: 'https://93.184.216.34/x',
      events: [{ entity: 'PROMPT', action: 'CREATED' }],
      secret: 's',
    }),
    'hook',
    'webhook',
    'webhook_id',
  ),
  get(`${v2}/webhooks/$hook`),
  patch(`${v2}/webhooks/$hook`, { status: 'DISABLED', events: [{ entity: 'MODEL_VERSION', action: 'CREATED' }] }),
  patch(`${v2}/webhooks/$hook`, { status: 'WRONG' }),
  patch(`${v2}/webhooks/none`, { status: 'DISABLED' }),
  get(`${v2}/webhooks/none`),
  ...['1001', '-1'].map((max_results) => get(`${v2}/webhooks`, { max_results })),
  post(`${v2}/webhooks/none/test`, {}),
  remove(`${v2}/webhooks/$hook`),
  remove(`${v2}/webhooks/$hook`),

  // evaluation datasets and scorers
  keep(
    post(`${v3}/datasets/create`, {
      name: 'd',
      experiment_ids: ['$experiment'],
      tags: '{"a": "b", "mlflow.user": "me"}',
    }),
    'dataset',
    'dataset',
    'dataset_id',
  ),
  post(`${v3}/datasets/create`, {}),
  get(`${v3}/datasets/$dataset`),
  get(`${v3}/datasets/none`),
  post(`${v3}/datasets/$dataset/records`, {
    records:
      '[{"inputs": {"q": 1.0, "b": 2}, "expectations": {"a": "x"}}, {"inputs": {"q": 2}, "outputs": "text", "tags": {"t": "1"}, "source": {"source_type": "HUMAN", "source_data": {"by": "me"}}}]',
  }),
  post(`${v3}/datasets/$dataset/records`, { records: '[{"inputs": {"b": 2, "q": 1.0}, "outputs": {"o": null}}]' }),
  post(`${v3}/datasets/$dataset/records`, { records: '[]' }),
  post(`${v3}/datasets/$dataset/records`, {}),
  post(`${v3}/datasets/none/records`, { records: '[{"inputs": {"a": 1}}]' }),
  get(`${v3}/datasets/$dataset`),
  get(`${v3}/datasets/$dataset/records`),
  get(`${v3}/datasets/$dataset/experiment-ids`),
  patch(`${v3}/datasets/$dataset/tags`, { tags: '{"c": "d", "a": null}' }),
  patch(`${v3}/datasets/none/tags`, { tags: '{"c": "d"}' }),
  remove(`${v3}/datasets/$dataset/tags/c`),
  remove(`${v3}/datasets/none/tags/c`),
  post(`${v3}/datasets/search`, { experiment_ids: ['$experiment'] }),
  post(`${v3}/datasets/search`, { experiment_ids: ['$experiment'], filter_string: "name = 'none'" }),
  post(`${v3}/datasets/search`, {
    experiment_ids: ['$experiment'],
    filter_string: "tags.a = 'b'",
    order_by: ['name ASC'],
  }),
  post(`${v3}/datasets/search`, { filter_string: 'wrong = 1' }),
  post(`${v3}/datasets/search`, { order_by: ['wrong'] }),
  post(`${v3}/datasets/$dataset/add-experiments`, { experiment_ids: ['0'] }),
  post(`${v3}/datasets/$dataset/add-experiments`, { experiment_ids: ['99999'] }),
  post(`${v3}/datasets/$dataset/remove-experiments`, { experiment_ids: ['0', '99999'] }),
  post(`${v3}/datasets/none/add-experiments`, { experiment_ids: ['0'] }),
  remove(`${v3}/datasets/$dataset/records`, { dataset_record_ids: ['none'] }),
  remove(`${v3}/datasets/$dataset`),
  remove(`${v3}/datasets/$dataset`),
  post(`${v3}/scorers/register`, { experiment_id: '$experiment', name: 's', serialized_scorer: '{"name": "s"}' }),
  post(`${v3}/scorers/register`, {
    experiment_id: '$experiment',
    name: 's',
    serialized_scorer: '{"name": "s", "b": 1}',
  }),
  post(`${v3}/scorers/register`, { experiment_id: '$experiment', name: ' ', serialized_scorer: '{}' }),
  post(`${v3}/scorers/register`, { experiment_id: '$experiment', name: 's', serialized_scorer: 'no json' }),
  post(`${v3}/scorers/register`, { experiment_id: '99999', name: 's', serialized_scorer: '{}' }),
  post(`${v3}/scorers/register`, { experiment_id: '$experiment' }),
  get(`${v3}/scorers/list`, { experiment_id: '$experiment' }),
  get(`${v3}/scorers/versions`, { experiment_id: '$experiment', name: 's' }),
  get(`${v3}/scorers/versions`, { experiment_id: '$experiment', name: 'none' }),
  get(`${v3}/scorers/get`, { experiment_id: '$experiment', name: 's' }),
  get(`${v3}/scorers/get`, { experiment_id: '$experiment', name: 's', version: '1' }),
  get(`${v3}/scorers/get`, { experiment_id: '$experiment', name: 's', version: '9' }),
  get(`${v3}/scorers/get`, { experiment_id: '$experiment', name: 'none' }),
  remove(`${v3}/scorers/delete`, { experiment_id: '$experiment', name: 's', version: 1 }),
  remove(`${v3}/scorers/delete`, { experiment_id: '$experiment', name: 's', version: 9 }),
  remove(`${v3}/scorers/delete`, { experiment_id: '$experiment', name: 's' }),
  remove(`${v3}/scorers/delete`, { experiment_id: '$experiment', name: 's' }),

  get(`${v2}/nothing`),
  post(`${v2}/registered-models/nothing`, {}),
]

/** Sends everything to one server; the answers with what differs by nature made equal. */
async function play(address: string): Promise<{ status: number; body: unknown }[]> {
  const kept: Record<string, string> = {}
  const fill = (text: string) => text.replace(/(\$|%24)(\w+)/g, (all, _, name: string) => kept[name] ?? all)
  const answers: { status: number; body: unknown }[] = []
  for (const step of steps) {
    const body = step.body === undefined ? undefined : step.raw ? String(step.body) : fill(JSON.stringify(step.body))
    const answer = await fetch(address + fill(step.path), {
      method: step.method,
      ...(body === undefined
        ? {}
        : { body, headers: { 'content-type': step.raw ? 'text/plain' : 'application/json' } }),
    })
    const text = await answer.text()
    let parsed: unknown
    try {
      parsed = JSON.parse(text)
    } catch {
      parsed = text.startsWith('<') ? {} : text
    }
    if (step.keep) {
      let found = parsed as Record<string, unknown>
      for (const name of step.keep[1]) found = found?.[name] as Record<string, unknown>
      kept[step.keep[0]] = String(found)
    }
    const ids = Object.entries(kept).filter(([, value]) => value.length > 3)
    answers.push({ status: answer.status, body: equalised(parsed, ids) })
  }
  return answers
}

function equalised(value: unknown, ids: [string, string][], name = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => equalised(item, ids, name))
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
      // texts of errors, forms of them that no client reads, and fields that are empty there and absent here
      .filter(
        ([key, item]) =>
          !['message', 'error_class', 'sqlstate'].includes(key) &&
          item !== '' &&
          !(/_versions$/.test(name) && key === 'aliases'),
      )
      .map(([key, item]) => [key, equalised(item, ids, key)] as const)
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
  }
  if (/time|timestamp|digest|scorer_id/.test(name)) return typeof value
  if (/^experiment_ids?$/.test(name) || name === 'experiment_id') return 'id'
  if (typeof value !== 'string') return value
  if (name === 'records' || name === 'schema' || name === 'profile' || name === 'tags') {
    const parsed = JSON.parse(value)
    return equalised(Array.isArray(parsed) ? parsed.map((one) => ({ ...one, dataset_record_id: 'id' })) : parsed, ids)
  }
  let text = value
  for (const [key, id] of ids) text = text.replaceAll(id, `$${key}`)
  return text.replace(/mlflow-artifacts:\/\d+\//, 'mlflow-artifacts:/N/')
}

const directory = mkdtempSync(join(tmpdir(), 'kedge-compare-'))
const server = await startTrackingServer(directory, { allowHosts: ['127.0.0.1'] })
try {
  const [theirs, ours] = [await play(process.argv[2]!), await play(server.address)]
  let differences = 0
  for (const [i, step] of steps.entries()) {
    const [their, our] = [JSON.stringify(theirs[i]), JSON.stringify(ours[i])]
    if (their === our) continue
    differences++
    console.log(`${step.method} ${step.path} ${JSON.stringify(step.body ?? '').slice(0, 200)}`)
    console.log(`  MLflow ${their.slice(0, 900)}\n  Kedge  ${our.slice(0, 900)}`)
  }
  console.log(`${differences} of ${steps.length} answers differ`)
} finally {
  await server.stop()
  rmSync(directory, { recursive: true, force: true })
}
