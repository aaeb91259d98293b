import { type ErrorPlace, KedgeError } from '../../errors.ts'
import type { ExplainAnswers } from '../../serving/explain/explain-answers.ts'
import type { InferenceNode } from '../../serving/inference/inference-node.ts'
import type { ServedEndpoint } from '../../serving/inference/served-endpoint.ts'
import { predictExplained, readExplain } from './explain-option.ts'
import { parseJson } from './http-exchange.ts'

const latest = 4_102_444_800_000
const maxRows = 100_000

const isId = (value: unknown): value is string => typeof value === 'string' && value.length > 0 && value.length <= 200

/**
 * Kedge's own form: `{"instances": [{"id", "time", "features": {…}}]}` → `{"predictions": [{"id", "score", "label",
 * "revision"}]}` in the same order. Without `id` Kedge gives one; `time` (milliseconds since 1970) is now when absent. Beside the
 * instances may stand `timeout` (milliseconds), `priority` (larger goes first) and `explain`: `true` or `{method?, top?}`.
 */
export async function kedgePredict(
  node: InferenceNode,
  endpoint: ServedEndpoint,
  text: string,
  now: number,
  signal?: AbortSignal,
  explaining?: ExplainAnswers,
): Promise<string> {
  const body = (parseJson(text) ?? {}) as {
    instances?: unknown
    explain?: unknown
    timeout?: unknown
    priority?: unknown
  }
  const { instances } = body
  const timeout = countOf('timeout', body.timeout)
  const priority = countOf('priority', body.priority)
  if (!Array.isArray(instances))
    throw new KedgeError('invalid_input', { what: 'instances: must be a list of {"features": {…}}' })
  if (instances.length > maxRows)
    throw new KedgeError('too_large', { what: 'The batch', limit: `${maxRows} instances` })
  const n = instances.length
  const explain = readExplain(body.explain, n)
  if (explain && !explaining) throw new KedgeError('unsupported', { what: 'Explaining predictions (explain)' })
  const ids = new Array<string>(n)
  const times = new Array<number>(n)
  const rows = new Array<unknown>(n)
  const problems: ErrorPlace[] = []
  for (let i = 0; i < n; i++) {
    const instance = (instances[i] ?? {}) as { id?: unknown; time?: unknown; features?: unknown }
    const { id, time } = instance
    if (id === undefined || id === null) ids[i] = node.nextId()
    else if (isId(id)) ids[i] = id
    else if (Number.isSafeInteger(id)) ids[i] = String(id)
    else problems.push({ where: `instances.${i}.id`, what: 'must be a text of 1 to 200 characters' })
    if (time === undefined || time === null) times[i] = now
    else if (typeof time === 'number' && time >= 0 && time < latest) times[i] = Math.round(time)
    else problems.push({ where: `instances.${i}.time`, what: 'must be milliseconds since 1970, before the year 2100' })
    rows[i] = instance.features
    if (problems.length >= 20) break
  }
  if (problems.length > 0)
    throw new KedgeError(
      'invalid_input',
      { what: problems.map((place) => `${place.where} ${place.what}`).join('; ') },
      { places: problems },
    )
  const predict = () =>
    node.rows(endpoint, {
      ids,
      times,
      rows,
      signal,
      deadline: timeout === undefined ? undefined : now + timeout,
      priority,
      where: (row) => `instances.${row}.features`,
    })
  const { scores, labels, revisions, flags, explained } =
    explain && explaining
      ? await predictExplained(explaining, endpoint, explain, { predict, rows, timeout })
      : { ...(await predict()), explained: undefined }
  let answer = '{"predictions":['
  for (let i = 0; i < n; i++) {
    const score = scores[i]!
    const label = labels[i]!
    answer += `${i === 0 ? '' : ','}{"id":${JSON.stringify(ids[i])},"score":${Number.isFinite(score) ? score : 'null'},"label":${label === '' ? 'null' : JSON.stringify(label)},"revision":${revisions[i]}${flags?.[i] ? `,"flags":${JSON.stringify(flags[i])}` : ''}${explained?.[i] ? `,"explanation":${explained[i]}` : ''}}`
  }
  return `${answer}]}`
}

function countOf(name: string, value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'number' && value >= 0 && Number.isSafeInteger(value)) return value
  throw new KedgeError('invalid_input', { what: `${name} must be a whole number of at least 0` })
}
