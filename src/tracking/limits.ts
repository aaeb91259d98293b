import { posix } from 'node:path'
import { KedgeError } from '../errors.ts'

/** MLflow's limits (mlflow/utils/validation.py). */
export const limits = {
  metrics: 1000,
  params: 100,
  tags: 100,
  together: 1000,
  paramValue: 6000,
  tagValue: 8000,
  experimentTagValue: 20_000,
  registryTagValue: 100_000,
  key: 250,
  experimentName: 500,
  modelName: 256,
  alias: 255,
  searchRuns: 50_000,
  searchExperiments: 50_000,
  searchVersions: 200_000,
  history: 25_000,
  datasets: 1000,
  datasetName: 500,
  datasetDigest: 36,
  datasetSource: 65_535,
  datasetSchema: 1_048_575,
  datasetProfile: 16_777_215,
}

const invalid = (what: string) => new KedgeError('invalid_input', { what })
const shown = (value: string) => JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value)

/** keys that were checked: a metric's comes again with every point */
const checked = new Set<string>()

/** Errors: `invalid_input` unless `key` can name a metric, param or tag. */
export function checkKey(key: string, path: string): void {
  if (checked.has(key)) return
  if (key === '') throw invalid(`Missing value for required parameter '${path}'. A key name must be provided.`)
  if (key.length > limits.key) throw invalid(`'${path}' exceeds the maximum length of ${limits.key} characters`)
  if (!/^[/\p{L}\p{N}_.\- :]*$/u.test(key))
    throw invalid(
      `Invalid value ${shown(key)} for parameter '${path}' supplied: Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).`,
    )
  const plain = posix.normalize(key)
  if (plain !== key || plain === '.' || plain.startsWith('..') || plain.startsWith('/'))
    throw invalid(
      `Invalid value ${shown(key)} for parameter '${path}' supplied: Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This name would resolve to '${plain}'`,
    )
  if (checked.size > 10_000) checked.clear()
  checked.add(key)
}

/** Tags have any key that is not empty and not too long. */
export function checkTagKey(key: string, path: string): void {
  if (key === '') throw invalid(`Missing value for required parameter '${path}'. A key name must be provided.`)
  if (key.length > limits.key) throw invalid(`'${path}' exceeds the maximum length of ${limits.key} characters`)
}

/** Errors: `invalid_input` when a text is longer than `limit`. */
export function checkLength(value: string, limit: number, path: string): void {
  if (value.length > limit) throw invalid(`'${path}' exceeds the maximum length of ${limit} characters`)
}

/** Errors: `invalid_input` unless it is a whole number within [1, most]. */
export function checkMaxResults(value: number | undefined, most: number, usual: number): number {
  if (value === undefined) return usual
  if (!Number.isInteger(value) || value < 1)
    throw invalid(`Invalid value ${value} for parameter 'max_results' supplied. It must be a positive integer`)
  if (value > most)
    throw invalid(`Invalid value for request parameter max_results. It must be at most ${most}, but got value ${value}`)
  return value
}
