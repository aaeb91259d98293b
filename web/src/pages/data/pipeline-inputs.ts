import type { Pipeline } from '../../api/types.ts'

/** The datasets that a pipeline's steps read. */
export function pipelineInputs({ spec }: Pipeline): { step: string; dataset: string }[] {
  const { steps = {} } = spec as { steps?: Record<string, { inputs?: Record<string, { dataset?: string }> }> }
  return Object.entries(steps).flatMap(([step, { inputs = {} }]) =>
    Object.values(inputs).flatMap(({ dataset }) => (dataset === undefined ? [] : [{ step, dataset }])),
  )
}
