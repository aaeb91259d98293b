import type { ReleaseAnalysis } from '../contracts/release-analysis.ts'
import type { Finding } from './check-references.ts'
import { didYouMean } from './did-you-mean.ts'
import { explainIssues } from './explain-issues.ts'
import { schemaKeys } from './schema-keys.ts'

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}

/** Whether an endpoint's model is declared, made by a pipeline or registered, and its release's analyses exist with these settings. */
export function checkEndpoint(
  given: unknown,
  content: Record<string, unknown>,
  known: { models: readonly string[]; analyses: readonly ReleaseAnalysis[] },
): Finding[] {
  const { model, release } = record(given)
  const { analyse } = record(release)
  return [
    ...(typeof model === 'string' ? checkModel(model, [...modelsOf(content), ...known.models]) : []),
    ...(Array.isArray(analyse) ? analyse.flatMap((one, i) => checkAnalysis(one, i, known.analyses)) : []),
  ]
}

/** Models that a file declares, or that its pipelines register. */
const modelsOf = (content: Record<string, unknown>): string[] => [
  ...Object.keys(record(content.models)),
  ...Object.values(record(content.pipelines)).flatMap((pipeline) =>
    Object.values(record(record(pipeline).steps)).flatMap((step) => {
      const { model } = record(record(step).register)
      return typeof model === 'string' ? [model] : []
    }),
  ),
]

function checkModel(model: string, models: readonly string[]): Finding[] {
  if (models.includes(model)) return []
  const hint = didYouMean(model, models)
  const what = `there is no model ${model}${hint ? `; did you mean ${hint}?` : ': declare it under models, or register it first'}`
  return [{ path: ['model'], at: 'value', what }]
}

function checkAnalysis(given: unknown, index: number, analyses: readonly ReleaseAnalysis[]): Finding[] {
  const path = ['release', 'analyse', index]
  const { kind, ...settings } = typeof given === 'string' ? { kind: given } : record(given)
  if (typeof kind !== 'string') return []
  const known = analyses.find((analysis) => analysis.kind === kind)
  if (!known) {
    const kinds = analyses.map((analysis) => analysis.kind)
    const hint = didYouMean(kind, kinds)
    return [
      {
        path: typeof given === 'string' ? path : [...path, 'kind'],
        at: 'value',
        what: `there is no analysis ${kind}; ${hint ? `did you mean ${hint}?` : `there are ${kinds.join(', ')}`}`,
      },
    ]
  }
  const keys = schemaKeys(known.settings, [])
  const unknown = Object.keys(settings)
    .filter((key) => !keys.includes(key))
    .map((key): Finding => {
      const hint = didYouMean(key, keys)
      return {
        path: [...path, key],
        at: 'key',
        what: `the key ${key} is not known${hint ? `; did you mean ${hint}?` : `; known are ${['kind', ...keys].join(', ')}`}`,
      }
    })
  const parsed = known.settings.safeParse(settings, { reportInput: true })
  return [...unknown, ...(parsed.success ? [] : explainIssues(known.settings, parsed.error.issues, path))]
}
