import type { Column } from '../../contracts/column.ts'
import type { OtherRows } from '../../contracts/curation.ts'
import type { ExpectationContext, ExpectationDefinition } from '../../contracts/expectation.ts'
import { openStep } from '../curation/compile-curation.ts'
import { createRelation } from '../curation/relation.ts'
import type { KeyedStep } from '../dataset-spec.ts'
import type { Profile } from '../profile/profile.ts'
import type { ExpectationResult } from '../version/dataset-version.ts'
import { asArrays, selectForJson } from '../version/read-rows.ts'
import type { RunEngine } from '../version/run-engine.ts'
import { checkUserQuery } from './check-user-query.ts'

export interface JudgeInput {
  engine: RunEngine
  /** table expression of the rows in no order */
  table: string
  /** the same with `__position`, from 0 */
  numbered: string
  columns: readonly Column[]
  profile: Profile
  expect: readonly KeyedStep[]
  expectations: readonly ExpectationDefinition[]
  others: ReadonlyMap<string, OtherRows>
  /** the version that an expectation compares with */
  reference(which: 'previous' | number | string): Promise<ExpectationContext['reference']>
  now: number
}

/** Rows at fault that are kept with a result. */
const mostEvidence = 10

/** Judges expectations on rows: what can be is taken in one scan. A version without rows always fails. */
export async function judgeExpectations(input: JudgeInput): Promise<ExpectationResult[]> {
  const { engine, columns, expectations } = input
  const declared = [...input.expect]
  if (!declared.some((step) => step.row_count !== undefined)) declared.push({ row_count: { min: 1 } })
  const opened = declared.map((step, index) => {
    const found = openStep(step, expectations, `expect[${index}]`)
    const config = found.definition.config.parse(found.given)
    const relation = createRelation(columns, found.where, { rows: input.numbered, others: input.others })
    const severity = step.severity === 'warn' ? ('warn' as const) : ('error' as const)
    return { ...found, config, relation, severity, statistics: found.definition.statistics?.(config, relation) ?? {} }
  })
  const known = await scan(
    input,
    opened.flatMap(({ statistics }) => Object.values(statistics)),
  )
  const results: ExpectationResult[] = []
  for (const { definition, given, config, relation, severity, statistics, where } of opened) {
    const values: Record<string, unknown> = {}
    for (const [name, sql] of Object.entries(statistics)) values[name] = known.get(sql)
    for (const [name, sql] of Object.entries(definition.queries?.(config, relation) ?? {}))
      values[name] = (await engine.query<{ value: unknown }>(sql))[0]?.value
    const query = definition.userQuery?.(config)
    if (query !== undefined) {
      const checked = await checkUserQuery(engine, query, where)
      const [row] = await engine.query<{ failing: number; rows: number }>(
        `WITH rows AS (SELECT * EXCEPT (__position) FROM ${input.numbered}) SELECT (SELECT count() FROM (${checked})) AS failing, (SELECT count() FROM rows) AS rows`,
      )
      Object.assign(values, row)
    }
    const which = definition.reference?.(config)
    const context: ExpectationContext = {
      columns,
      now: input.now,
      profile: input.profile,
      ...(which === undefined ? {} : { reference: await input.reference(which) }),
    }
    const judgement = definition.judge(config, values, context)
    const fails = judgement.ok ? undefined : definition.fails?.(config, relation)
    results.push({
      kind: definition.kind,
      title: definition.title,
      config: given,
      severity,
      ...judgement,
      evidence: fails === undefined ? null : await evidence(input, fails),
    })
  }
  return results
}

/** Every aggregate once, in one pass over the rows. */
async function scan({ engine, table }: JudgeInput, aggregates: readonly string[]): Promise<Map<string, unknown>> {
  const all = [...new Set(aggregates)]
  if (all.length === 0) return new Map()
  const [row] = await engine.query<Record<string, unknown>>(
    `SELECT ${all.map((sql, i) => `${sql} AS a${i}`).join(', ')} FROM ${table} AS p`,
  )
  return new Map(all.map((sql, i) => [sql, row?.[`a${i}`]]))
}

/** The first rows at fault, with their positions in the version. */
async function evidence(
  { engine, numbered, columns }: JudgeInput,
  fails: string,
): Promise<ExpectationResult['evidence']> {
  const found = await engine.query<Record<string, unknown>>(
    `SELECT s.__position AS __place, ${selectForJson(columns)} FROM (SELECT * FROM ${numbered} AS p WHERE ${fails} ORDER BY __position LIMIT ${mostEvidence}) AS s`,
  )
  const values = asArrays(columns, found)
  return {
    columns: columns.map(({ name }) => name),
    rows: found.map((row, i) => ({ row: Number(row.__place), values: values[i]! })),
  }
}
