import { createHash } from 'node:crypto'
import type { StepInput } from './pipeline-run.ts'
import type { ParamValue, StepSpec } from './pipeline-spec.ts'

export interface DigestedStep {
  spec: StepSpec
  params: Record<string, ParamValue>
  inputs: StepInput[]
  codeDigest: string
  environmentDigest: string | null
  /** what the step is told, if it is told any */
  asOf: number | null
}

const sorted = <T>(record: Record<string, T>) => Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))

/**
 * SHA-256 (hex) of everything that a step's outputs depend on: two runs of a step with the same digest differ only by
 * chance. Names that lead to the inputs (which version, which step) are not in it: their contents are.
 */
export function stepDigest({ spec, params, inputs, codeDigest, environmentDigest, asOf }: DigestedStep): string {
  const parts = {
    format: 1,
    run: spec.run,
    code: codeDigest,
    environment: environmentDigest,
    env: sorted(spec.env),
    params: sorted(params),
    inputs: inputs.map(({ name, digest, kind }) => [name, digest, kind]).sort(),
    outputs: sorted(spec.outputs),
    limits: sorted(spec.resources),
    asOf,
  }
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}
