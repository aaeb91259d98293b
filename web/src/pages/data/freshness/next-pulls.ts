import type { Pipeline, Rule } from '../../../api/types.ts'
import { pipelineInputs } from '../pipeline-inputs.ts'

interface Next {
  rule: string
  /** null: when an event comes */
  at: number | null
}

/** Dataset → when a rule next starts a pipeline that reads it, which makes a version. */
export function nextPulls(rules: readonly Rule[], pipelines: readonly Pipeline[]): Map<string, Next> {
  const reads = new Map(
    pipelines.map((pipeline) => [pipeline.name, pipelineInputs(pipeline).map(({ dataset }) => dataset)]),
  )
  const found = new Map<string, Next>()
  for (const rule of rules) {
    if (rule.state !== 'active') continue
    const { do: action = '' } = rule.spec as { do?: string }
    for (const dataset of reads.get(action.replace(/^run /, '')) ?? []) {
      const known = found.get(dataset)
      const sooner = !known || (rule.nextAt !== null && (known.at === null || rule.nextAt < known.at))
      if (sooner) found.set(dataset, { rule: rule.name, at: rule.nextAt })
    }
  }
  return found
}
