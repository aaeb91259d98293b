import { z } from 'zod'
import { byteSize, duration, offset } from './quantity.ts'
import { stepOrder } from './step-order.ts'
import { danglingReferences } from './step-references.ts'

/** Names of pipelines, steps, inputs, outputs and params. */
export const partName = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,62}$/, 'begins with a letter; small letters, digits, _ and - after it; at most 63 of them')

/** A path inside a folder: of the project's files, or of a step's work folder. */
const innerPath = z
  .string()
  .min(1)
  .max(500)
  .refine(
    (path) => !path.startsWith('/') && !path.split('/').includes('..') && !path.includes('\0'),
    'is a relative path without ".."',
  )

const param = z.union([z.string(), z.number(), z.boolean()])

const datasetInput = z.strictObject({
  dataset: partName,
  window: z
    .strictObject({ from: offset, to: offset })
    .refine(({ from, to }) => from < to, 'ends before it begins')
    .optional()
    .meta({
      description:
        'rows by event time, relative to the time the run is made as of; a version of these rows is made when there is none',
    }),
  version: z
    .union([z.number().int().positive(), z.literal('latest')])
    .optional()
    .meta({ description: 'a version that exists; the latest when neither window nor version is said' }),
})
const stepInput = z.strictObject({ step: partName, output: partName })

export const stepInputSpec = z.union([datasetInput, stepInput])

const resources = z.strictObject({
  cpus: z.number().int().min(1).max(1024).default(1).meta({ description: 'whole processors that the step may use' }),
  memory: byteSize.default(2 * 2 ** 30).meta({ description: 'of all its processes together, for example 2GiB' }),
  timeout: duration.default(3_600_000).meta({ description: 'for example 20m' }),
  output: byteSize
    .default(16 * 2 ** 20)
    .meta({ description: 'how much of what it prints is kept: the head and the tail' }),
  network: z
    .enum(['none', 'server', 'all'])
    .default('server')
    .meta({ description: 'what the sandbox lets it reach: nothing, this Kedge only, or everything' }),
})

export const stepSpec = z.strictObject({
  run: z
    .string()
    .min(1)
    .max(10_000)
    .meta({ description: 'a shell command; it runs in a fresh folder with the code in it' }),
  code: z
    .array(innerPath)
    .optional()
    .meta({ description: 'files and folders of the project that it needs; the files named in `run` when absent' }),
  environment: z
    .strictObject({ python: innerPath.meta({ description: 'lock file: requirements with exact versions' }) })
    .optional(),
  env: z.record(z.string().regex(/^[A-Z_][A-Z0-9_]*$/), z.string()).default({}),
  inputs: z.record(partName, stepInputSpec).default({}),
  outputs: z
    .record(partName, innerPath)
    .default({})
    .meta({ description: 'paths in the work folder; a folder ends in /' }),
  needs: z
    .array(partName)
    .default([])
    .meta({ description: 'steps that must have succeeded before, beyond those it takes inputs from' }),
  params: z.record(partName, param).default({}),
  resources: resources.prefault({}),
  executor: partName.optional().meta({ description: 'sandbox or process; the sandbox where it works when absent' }),
  track: z.boolean().default(true).meta({ description: 'whether it gets a run to log into' }),
  register: z
    .strictObject({
      model: z.string().min(1).max(200),
      output: partName,
      holdout: partName
        .optional()
        .meta({ description: 'the input that the gate scores on, which the step must not train on' }),
    })
    .optional()
    .meta({ description: 'makes a model version of an output when the run succeeds' }),
})

/** The steps of any document that are whole, whatever is wrong beside them. */
export function wholeSteps(pipeline: unknown): Record<string, StepSpec> {
  const { steps } = (pipeline ?? {}) as { steps?: unknown }
  if (typeof steps !== 'object' || steps === null) return {}
  return Object.fromEntries(
    Object.entries(steps).flatMap(([name, step]) => {
      const parsed = stepSpec.safeParse(step)
      return parsed.success ? [[name, parsed.data]] : []
    }),
  )
}

/** The schema of `pipelines.<name>` in kedge.yaml. */
export const pipelineSpec = z
  .strictObject({
    description: z.string().max(2000).optional(),
    experiment: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .meta({ description: "of the steps' runs; the pipeline's name when absent" }),
    params: z.record(partName, param).default({}).meta({ description: 'for every step; a run may give other values' }),
    steps: z.record(partName, stepSpec).refine((steps) => Object.keys(steps).length > 0, 'has no step'),
  })
  .superRefine((spec, context) => {
    const complain = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message })
    for (const { path, what } of danglingReferences(spec)) complain(path, what)
    for (const [name, step] of Object.entries(spec.steps))
      for (const [input, source] of Object.entries(step.inputs))
        if ('dataset' in source && source.window && source.version)
          complain(['steps', name, 'inputs', input], 'has a window and a version: say one of them')
    const { circle } = stepOrder(spec.steps)
    if (circle) complain(['steps', circle[0]!], `the steps wait for each other: ${circle.join(' → ')}`)
  })
  .meta({ id: 'Pipeline' })

export type PipelineSpec = z.output<typeof pipelineSpec>
export type StepSpec = z.output<typeof stepSpec>
export type ParamValue = z.output<typeof param>
