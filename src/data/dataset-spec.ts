import { z } from 'zod'
import type { OperationDefinition, PlacedExpression } from '../contracts/curation.ts'
import type { ExpectationDefinition } from '../contracts/expectation.ts'
import type { SourceDefinition } from '../contracts/source.ts'
import type { StreamSourceDefinition } from '../contracts/stream-source.ts'
import { type DataContract, dataContract } from './contract/data-contract.ts'
import { checkExpression } from './expression/compile-expression.ts'

/** The kinds that datasets are made of, by the generated indexes of the adapter folders. */
export interface DataExtensions {
  /** the streams among them as sources too */
  sources: readonly SourceDefinition[]
  streams?: readonly StreamSourceDefinition[]
  operations: readonly OperationDefinition[]
  expectations: readonly ExpectationDefinition[]
}

export const dataName = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,62}$/, 'begins with a letter; small letters, digits, _ and - after it; at most 63 of them')

/** One step of a list, `{ kind: config }`. */
export type KeyedStep = Record<string, unknown>

export interface DatasetSpec {
  from: string
  time?: string | undefined
  mode: 'full' | 'incremental'
  /** columns that name a row */
  key?: string[] | undefined
  /** the column that models learn */
  label?: string | undefined
  curate: KeyedStep[]
  expect: KeyedStep[]
  contract?: DataContract | undefined
  retention?: Retention | undefined
}

/** A list entry with exactly one key, which names the kind; its value is the kind's own configuration. */
const keyed = (
  kinds: readonly {
    kind: string
    title: string
    config: z.ZodType
    expressions?: (config: never) => PlacedExpression[]
  }[],
  what: string,
  beside: Record<string, z.ZodType> = {},
): z.ZodType<KeyedStep> => {
  const known = new Map(kinds.map((kind) => [kind.kind, kind]))
  const shape = Object.fromEntries(
    kinds.map(({ kind, title, config }) => [kind, config.optional().meta({ description: title })]),
  )
  return z.strictObject({ ...shape, ...beside }).check((context) => {
    const found = Object.keys(context.value).filter((key) => known.has(key) && context.value[key] !== undefined)
    if (found.length !== 1)
      context.issues.push({
        code: 'custom',
        input: context.value,
        message: `${what} has exactly one of: ${[...known.keys()].join(', ')}`,
      })
    for (const kind of found)
      for (const { path, text } of known.get(kind)!.expressions?.(context.value[kind] as never) ?? [])
        try {
          checkExpression(text)
        } catch (error) {
          const message = (error as Error).message
          context.issues.push({ code: 'custom', input: text, path: [kind, ...path], message })
        }
  }) as unknown as z.ZodType<KeyedStep>
}

const severity = z
  .enum(['error', 'warn'])
  .optional()
  .meta({ description: 'warn: a version that fails is published all the same; error when absent' })

/** Which versions keep their rows; what has a tag or a pin, the newest, and what others were made of, always do. */
export interface Retention {
  versions?: number | undefined
  days?: number | undefined
}

const retention: z.ZodType<Retention> = z
  .strictObject({
    versions: z.number().int().min(1).optional().meta({ description: 'so many of the newest' }),
    days: z.number().positive().optional().meta({ description: 'those not older than this' }),
  })
  .refine((one) => one.versions !== undefined || one.days !== undefined, 'needs versions or days')
  .meta({ description: 'versions whose rows are kept; tagged and pinned ones always are' })

/** The schema of `datasets.<name>` in kedge.yaml. */
export const datasetSpec = (extensions: Omit<DataExtensions, 'sources' | 'streams'>): z.ZodType<DatasetSpec> =>
  z
    .strictObject({
      from: dataName.meta({ description: 'name of the source' }),
      time: z
        .string()
        .min(1)
        .optional()
        .meta({ description: 'column with the time of the event, which windows are cut by' }),
      mode: z
        .enum(['full', 'incremental'])
        .default('full')
        .meta({ description: 'incremental: each version adds the rows that the source has gained since' }),
      key: z
        .array(z.string().min(1))
        .min(1)
        .optional()
        .meta({ description: 'columns that name a row: versions are compared by them' }),
      label: z
        .string()
        .min(1)
        .optional()
        .meta({ description: 'the column that models learn: profiles look for leaks and imbalance' }),
      curate: z.array(keyed(extensions.operations, 'A step')).max(200).default([]),
      expect: z
        .array(keyed(extensions.expectations, 'An expectation', { severity }))
        .max(200)
        .default([]),
      contract: dataContract.optional(),
      retention: retention.optional(),
    })
    .meta({ id: 'Dataset' }) as unknown as z.ZodType<DatasetSpec>

export interface SourceSpec {
  kind: string
  [setting: string]: unknown
}

/** The schema of `sources.<name>` in kedge.yaml: one form for each kind. */
export const sourceSpec = (kinds: readonly SourceDefinition[]): z.ZodType<SourceSpec> =>
  z.discriminatedUnion('kind', kinds.map((kind) => kind.config) as never) as unknown as z.ZodType<SourceSpec>

/** Names of the other datasets that a declaration reads: in its steps and in its expectations. */
export function datasetsOf(
  spec: Pick<DatasetSpec, 'curate' | 'expect'>,
  { operations, expectations }: Omit<DataExtensions, 'sources'>,
): string[] {
  const names = new Set<string>()
  const collect = (
    steps: readonly KeyedStep[],
    kinds: readonly { kind: string; datasets?(config: never): string[] }[],
  ) => {
    for (const step of steps)
      for (const definition of kinds)
        if (step[definition.kind] !== undefined)
          for (const name of definition.datasets?.(step[definition.kind] as never) ?? []) names.add(name)
  }
  collect(spec.curate, operations)
  collect(spec.expect, expectations)
  return [...names]
}
