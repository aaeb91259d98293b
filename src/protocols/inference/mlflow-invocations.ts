import { KedgeError } from '../../errors.ts'
import type { InferenceNode } from '../../serving/inference/inference-node.ts'
import type { ServedEndpoint } from '../../serving/inference/served-endpoint.ts'
import { decodeUtf8 } from '../decode-utf8.ts'
import { flagsText } from './flags-text.ts'
import { type MlflowContent, readMlflowContentType } from './mlflow-content-type.ts'
import { parsePythonJson } from './python-json.ts'
import { readCsv } from './read-csv.ts'

const forms = ['dataframe_split', 'dataframe_records', 'instances', 'inputs'] as const

/**
 * MLflow's scoring protocol: exactly one of its four JSON forms, `params` beside it or not, or CSV →
 * `{"predictions": [scores]}`. Models here take no parameters, so that `params` change nothing, as MLflow does with a
 * model whose signature has none.
 */
export async function mlflowInvocations(
  node: InferenceNode,
  endpoint: ServedEndpoint,
  body: Buffer,
  contentType: string,
  now: number,
  signal?: AbortSignal,
): Promise<string> {
  const content = readMlflowContentType(contentType)
  const features = endpoint.revisions.find((revision) => revision.traffic > 0)?.loaded.description?.features ?? []
  const rows = readRows(
    content,
    decodeUtf8(body),
    features.map((feature) => feature.name),
    () => new Set(features.filter((feature) => feature.type === 'category').map((feature) => feature.name)),
  )
  const id = node.nextId()
  const ids = rows.length === 1 ? [id] : rows.map((_, i) => `${id}/${i}`)
  const answer = await node.rows(endpoint, {
    ids,
    times: rows.map(() => now),
    rows,
    together: id,
    signal,
    where: (row) => `rows.${row}`,
  })
  return JSON.stringify({
    predictions: [...answer.scores],
    ...(answer.flags ? { flags: flagsText(answer.flags) } : {}),
  })
}

function readRows(
  content: MlflowContent,
  text: string,
  names: readonly string[],
  categories: () => ReadonlySet<string>,
): Record<string, unknown>[] {
  if (content === 'csv') return readCsv(text, categories())
  let parsed: unknown
  try {
    parsed = parsePythonJson(text)
  } catch (cause) {
    throw new KedgeError('invalid_input', { what: `The body is not JSON: ${(cause as Error).message}` }, { cause })
  }
  if (content === 'split') return fromSplit(parsed)
  if (content === 'records') return records('The body', parsed)
  return fromJson(parsed, names)
}

function fromJson(body: unknown, names: readonly string[]): Record<string, unknown>[] {
  const parsed = (isRecord(body) ? body : {}) as Record<string, unknown>
  const given = forms.filter((form) => parsed[form] !== undefined)
  const other = Object.keys(parsed).find((key) => key !== 'params' && !forms.some((form) => form === key))
  if (given.length !== 1 || other !== undefined)
    throw new KedgeError('invalid_input', {
      what: `The body must have exactly one of ${forms.join(', ')}${other === undefined ? '' : `, and has ${other}`}`,
    })
  const { params } = parsed
  if (params !== undefined && params !== null && !isRecord(params))
    throw new KedgeError('invalid_input', { what: 'params must be an object' })
  const form = given[0]!
  const value = parsed[form]
  if (form === 'dataframe_split') return fromSplit(value)
  if (form === 'dataframe_records') return records(form, value)
  if (Array.isArray(value)) return value.every(isRecord) ? value : fromMatrix(form, value, names)
  // one row may stand without its list, or a list of values for each column
  if (isRecord(value)) return fromColumns(form, value)
  throw new KedgeError('invalid_input', { what: `${form}: must be a list of rows or an object of columns` })
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function records(form: string, value: unknown): Record<string, unknown>[] {
  if (!Array.isArray(value) || !value.every(isRecord))
    throw new KedgeError('invalid_input', { what: `${form}: must be a list of objects` })
  return value
}

function fromSplit(value: unknown): Record<string, unknown>[] {
  const { columns, data } = (value ?? {}) as { columns?: unknown; data?: unknown }
  if (!Array.isArray(columns) || !Array.isArray(data))
    throw new KedgeError('invalid_input', { what: 'dataframe_split: must have "columns" and "data"' })
  return fromMatrix('dataframe_split.data', data, columns.map(String))
}

function fromMatrix(form: string, value: readonly unknown[], names: readonly string[]): Record<string, unknown>[] {
  return value.map((row, i) => {
    const cells = Array.isArray(row) ? row : names.length === 1 ? [row] : undefined
    if (!cells || cells.length !== names.length)
      throw new KedgeError('invalid_input', { what: `${form}.${i}: must be a list of ${names.length} values` })
    return Object.fromEntries(names.map((name, column) => [name, cells[column]]))
  })
}

function fromColumns(form: string, value: Record<string, unknown>): Record<string, unknown>[] {
  const columns = Object.entries(value).map(([name, cells]) => [name, Array.isArray(cells) ? cells : [cells]] as const)
  const rows = columns[0]?.[1].length ?? 0
  const odd = columns.find(([, cells]) => cells.length !== rows)
  if (odd)
    throw new KedgeError('invalid_input', {
      what: `${form}.${odd[0]}: has ${odd[1].length} values, the first column has ${rows}`,
    })
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(
      columns.map(([name, cells]) => [
        name,
        Array.isArray(cells[row]) && cells[row].length === 1 ? cells[row][0] : cells[row],
      ]),
    ),
  )
}
