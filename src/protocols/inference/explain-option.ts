import { KedgeError } from '../../errors.ts'
import type { ExplainAnswers } from '../../serving/explain/explain-answers.ts'
import type { Explanations, Instance } from '../../serving/explain/explanation.ts'
import type { RowsAnswer } from '../../serving/inference/predictor.ts'
import type { ServedEndpoint } from '../../serving/inference/served-endpoint.ts'

export interface ExplainOption {
  method: string | undefined
  /** attributions that are told, largest first; all when absent */
  top: number | undefined
}

/** rows of a request that asks for explanations */
const mostRows = 100
const usualTimeout = 10_000
const longestTimeout = 60_000

/** Reads `explain` of a request: `true`, or `{method?, top?}`; undefined when nothing is to be explained. Errors: `invalid_input`, `too_large`. */
export function readExplain(value: unknown, rows: number): ExplainOption | undefined {
  if (value === undefined || value === null || value === false) return undefined
  const refuse = (what: string) => new KedgeError('invalid_input', { what })
  if (rows > mostRows)
    throw new KedgeError('too_large', { what: 'The batch to explain', limit: `${mostRows} instances` })
  if (value === true) return { method: undefined, top: undefined }
  if (typeof value !== 'object' || Array.isArray(value)) throw refuse('explain must be true or {"method"?, "top"?}')
  const { method, top, ...others } = value as Record<string, unknown>
  const unknown = Object.keys(others)[0]
  if (unknown !== undefined) throw refuse(`explain.${unknown} is not known: there are method and top`)
  if (method !== undefined && typeof method !== 'string') throw refuse('explain.method must be a text')
  if (top !== undefined && !(Number.isSafeInteger(top) && (top as number) > 0))
    throw refuse('explain.top must be a whole number of at least 1')
  return { method: method as string | undefined, top: top as number | undefined }
}

/** Predicts and explains, with a place among those who want explanations taken first. Errors: `explanations_busy`, and those of both. */
export async function predictExplained(
  answers: ExplainAnswers,
  endpoint: ServedEndpoint,
  option: ExplainOption,
  asked: { predict(): Promise<RowsAnswer>; rows: readonly unknown[]; timeout: number | undefined },
): Promise<RowsAnswer & { explained: string[] }> {
  const leave = answers.enter()
  try {
    const answer = await asked.predict()
    const { revisions } = answer
    return {
      ...answer,
      explained: await explainRows(answers, endpoint, option, { rows: asked.rows, revisions }, asked.timeout),
    }
  } finally {
    leave()
  }
}

/**
 * Of each answered row its explanation as JSON, by the revision that answered. The predictions are made and on record: an
 * explanation that fails is told as an error beside them. Errors: `invalid_input` and `unsupported` are the caller's.
 */
async function explainRows(
  answers: ExplainAnswers,
  endpoint: ServedEndpoint,
  { method, top }: ExplainOption,
  answered: { rows: readonly unknown[]; revisions: readonly number[] },
  timeout: number | undefined,
): Promise<string[]> {
  const found = new Array<string>(answered.rows.length)
  for (const [number, rows] of Map.groupBy(answered.rows.keys(), (row) => answered.revisions[row]!)) {
    const revision = endpoint.revisions.find((one) => one.number === number)
    if (!revision) continue
    const given = rows.map((row) => answered.rows[row])
    try {
      const looked = await revision.lookUp?.rows(given, (i) => `instances.${rows[i]}.features`)
      const instances = (looked?.rows ?? given) as Instance[]
      const explained = await answers.explain(endpoint, revision, instances, {
        method,
        timeout: Math.min(timeout ?? usualTimeout, longestTimeout),
      })
      rows.forEach((row, i) => {
        found[row] = JSON.stringify(explanationOf(explained, instances[i]!, i, top))
      })
    } catch (error) {
      if (!(error instanceof KedgeError) || error.class === 'invalid') throw error
      const { code, message, todo } = error
      for (const row of rows) found[row] = JSON.stringify({ error: { code, message, todo } })
    }
  }
  return found
}

function explanationOf(explained: Explanations, instance: Instance, row: number, top: number | undefined) {
  const { method, unit, base, inexact, background, origin, features, values, errors, outputs, residuals } = explained
  const attributions = features.map((feature, j) => ({
    feature,
    value: instance[feature] ?? null,
    attribution: values[row]![j]!,
    ...(errors ? { error: errors[row]![j]! } : {}),
  }))
  const shown =
    top === undefined
      ? attributions
      : attributions.sort((a, b) => Math.abs(b.attribution) - Math.abs(a.attribution)).slice(0, top)
  const others = attributions.slice(shown.length)
  return {
    method,
    unit,
    base,
    output: outputs[row]!,
    residual: residuals[row]!,
    background,
    ...(origin === null ? {} : { origin }),
    ...(inexact === null ? {} : { inexact }),
    attributions: shown,
    ...(others.length > 0
      ? { others: { features: others.length, attribution: others.reduce((sum, one) => sum + one.attribution, 0) } }
      : {}),
  }
}
