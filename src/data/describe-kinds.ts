import { z } from 'zod'
import type { DataExtensions } from './dataset-spec.ts'

export interface DescribedKind {
  kind: string
  title: string
  /** JSON Schema of its configuration, as it is written */
  schema: Record<string, unknown>
}

export interface DescribedKinds {
  sources: (DescribedKind & {
    /** it can say what there is to read at a place */
    discovers: boolean
    /** rows come by themselves from when it is declared */
    stream: boolean
  })[]
  operations: DescribedKind[]
  expectations: DescribedKind[]
}

interface Kind {
  kind: string
  title: string
  config: z.ZodType
}

function described({ kind, title, config }: Kind): DescribedKind {
  const schema = z.toJSONSchema(config, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>
  // a schema with a name of its own is only a reference to it
  const own = /^#\/\$defs\/(.+)$/.exec(String(schema.$ref))?.[1]
  const definitions = schema.$defs as Record<string, Record<string, unknown>> | undefined
  const { $ref: _, ...whole } = own ? { ...schema, ...definitions?.[own] } : schema
  return { kind, title, schema: whole }
}

/** The kinds that datasets are made of, with what a form needs to ask for: a new kind is in it by itself. */
export const describeKinds = ({ sources, streams = [], operations, expectations }: DataExtensions): DescribedKinds => ({
  sources: sources.map((one) => ({
    ...described(one),
    discovers: one.discover !== undefined,
    stream: streams.some(({ kind }) => kind === one.kind),
  })),
  operations: operations.map(described),
  expectations: expectations.map(described),
})
