import type { Kysely } from 'kysely'
import { fromJson } from '../../storage/sql/json-column.ts'
import type { Database } from '../../storage/sql/schema.ts'
import { cut, traceLimits } from './limits.ts'
import { type SpanDocument, spanAttribute } from './span.ts'
import { plainValue } from './span-value.ts'
import { traceMetadata } from './trace.ts'
import { writeValues } from './write-values.ts'

type Amounts = Record<string, number>

/** What a span says that it used: tokens of a language model, and what they cost. */
export interface Usage {
  tokens?: Amounts
  cost?: Amounts
}

const semantic = { input_tokens: 'gen_ai.usage.input_tokens', output_tokens: 'gen_ai.usage.output_tokens' } as const

function amounts(value: unknown): Amounts | undefined {
  let plain = value
  if (typeof plain === 'string') {
    try {
      plain = JSON.parse(plain)
    } catch {
      return undefined
    }
  }
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) return undefined
  const found = Object.entries(plain).filter(
    (entry): entry is [string, number] =>
      /^[a-z]\w*$/.test(entry[0]) && typeof entry[1] === 'number' && Number.isFinite(entry[1]),
  )
  return found.length > 0 ? Object.fromEntries(found) : undefined
}

/** Undefined for a span that says nothing of it. */
export function usageOf(span: SpanDocument): Usage | undefined {
  const attribute = (key: string) => plainValue(spanAttribute(span, key) ?? null)
  let tokens = amounts(attribute('mlflow.chat.tokenUsage'))
  if (!tokens) {
    const input = Number(attribute(semantic.input_tokens) ?? Number.NaN)
    const output = Number(attribute(semantic.output_tokens) ?? Number.NaN)
    if (Number.isFinite(input) || Number.isFinite(output)) {
      const counts = { input_tokens: input || 0, output_tokens: output || 0 }
      tokens = { ...counts, total_tokens: counts.input_tokens + counts.output_tokens }
    }
  }
  const cost = amounts(attribute('mlflow.llm.cost'))
  return tokens || cost ? { ...(tokens ? { tokens } : {}), ...(cost ? { cost } : {}) } : undefined
}

/** What a span cost, in the columns of the store. */
export function costOf(span: SpanDocument) {
  const cost = usageOf(span)?.cost
  return {
    input_cost: cost?.input_cost ?? null,
    output_cost: cost?.output_cost ?? null,
    total_cost: cost?.total_cost ?? null,
  }
}

const modelKeys = ['mlflow.llm.model', 'gen_ai.response.model', 'gen_ai.request.model']
const providerKeys = ['mlflow.llm.provider', 'gen_ai.provider.name', 'gen_ai.system']

/** The language model that a span asked, in the columns of the store. */
export function modelOf(span: SpanDocument) {
  const first = (keys: readonly string[]) => {
    for (const key of keys) {
      const value = plainValue(spanAttribute(span, key) ?? null)
      if (typeof value === 'string' && value !== '') return cut(value.replace(/^"(.*)"$/, '$1'), traceLimits.id)
    }
    return null
  }
  return { model: first(modelKeys), provider: first(providerKeys) }
}

/** The sum over spans; what a span says counts for all below it, because it has added them up. */
export function sumUsage(spans: readonly { id: string; parent: string | null; usage: Usage | undefined }[]): Usage {
  const byId = new Map(spans.map((span) => [span.id, span]))
  const sum = (kind: keyof Usage) => {
    const total: Amounts = {}
    for (const { parent, usage } of spans) {
      const own = usage?.[kind]
      if (!own) continue
      const seen = new Set<string>()
      let above = parent
      while (above !== null && !seen.has(above) && !byId.get(above)?.usage?.[kind]) {
        seen.add(above)
        above = byId.get(above)?.parent ?? null
      }
      if (above !== null && byId.get(above)?.usage?.[kind]) continue
      for (const [key, amount] of Object.entries(own)) total[key] = (total[key] ?? 0) + amount
    }
    return Object.keys(total).length > 0 ? total : undefined
  }
  const tokens = sum('tokens')
  const cost = sum('cost')
  return { ...(tokens ? { tokens } : {}), ...(cost ? { cost } : {}) }
}

/** Adds up what all spans of traces have said and notes it in the traces' metadata. */
export async function writeUsage(db: Kysely<Database>, traces: readonly number[]): Promise<void> {
  for (const trace of traces) {
    const rows = await db.selectFrom('spans').select(['id', 'parent', 'content']).where('trace', '=', trace).execute()
    const usage = sumUsage(
      rows.map(({ id, parent, content }) => ({ id, parent, usage: usageOf(fromJson<SpanDocument>(content)) })),
    )
    const values: [string, Amounts | undefined][] = [
      [traceMetadata.tokenUsage, usage.tokens],
      [traceMetadata.cost, usage.cost],
    ]
    await writeValues(
      db,
      'trace_metadata',
      values.flatMap(([key, found]) => (found ? [{ trace, key, value: JSON.stringify(found) }] : [])),
    )
  }
}
