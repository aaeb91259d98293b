import type { Column } from '../../contracts/column.ts'
import {
  type CommandStep,
  type CompiledOperation,
  type OperationDefinition,
  type OtherRows,
  positionBits,
  type Relation,
} from '../../contracts/curation.ts'
import type { SecretReference } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'
import type { KeyedStep } from '../dataset-spec.ts'
import { quoteName } from '../expression/sql-text.ts'
import { checkNames } from './check-names.ts'
import { type ReadInput, readLayer } from './read-layer.ts'
import { asColumn, createRelation } from './relation.ts'
import { type NamedVerdict, type NumberedVerdict, verdictColumns } from './verdict-columns.ts'

/** The rows after a step: SQL that gives `columns`, `__row`, `__verdict` and `__value` for every row. */
export interface Layer {
  operation: string
  sql: string
  columns: Column[]
}

export interface Pipeline extends Omit<Layer, 'operation'> {
  params: Record<string, unknown>
  settings: Record<string, string | number>
  verdicts: (NamedVerdict | undefined)[]
  /** one a step; the first is reading */
  layers: Layer[]
  /** rows of other datasets that a step has added */
  added: { step: number; rows: OtherRows }[]
  /** the step that repeats rows */
  repeats: number | undefined
  /** which rows of the source (as `s`) are read */
  where: string | undefined
}

export interface CommandInput {
  step: number
  /** names the step in errors */
  where: string
  run: CommandStep
  rows: Layer
  params: Record<string, unknown>
  settings: Record<string, string | number>
  /** takes a verdict into the pipeline and gives its number */
  verdict(action: NamedVerdict['action'], reason: string): number
}

export interface CurationInput extends ReadInput {
  curate: readonly KeyedStep[]
  operations: readonly OperationDefinition[]
  /** newest published rows of the datasets that steps name */
  others?: ReadonlyMap<string, OtherRows>
  secret?(reference: SecretReference): Promise<string>
  /** runs a query that gives one row */
  aggregate(
    sql: string,
    params: Record<string, unknown>,
    settings: Record<string, string | number>,
  ): Promise<Record<string, unknown>>
  /** does a step that is a command; gives the rows after it. Errors: how it failed */
  command?(input: CommandInput): Promise<Omit<Layer, 'operation'>>
}

/** A step with its definition, as it was declared. Errors: `invalid_input`. */
export function openStep<Definition extends { kind: string }>(
  step: KeyedStep,
  kinds: readonly Definition[],
  where: string,
): { definition: Definition; given: unknown; where: string } {
  const definition = kinds.find(({ kind }) => step[kind] !== undefined)
  const kind = definition?.kind ?? Object.keys(step)[0]
  if (!definition) throw new KedgeError('invalid_input', { what: `${where} ${kind}: there is no such kind` })
  return { definition, given: step[kind!], where: `${where} ${kind}` }
}

/**
 * Compiles a dataset's curation to one SQL statement over its source. Each step is a subquery around the one before; a
 * row that fails keeps its place with the number of the verdict, so that nothing disappears uncounted. Steps that need
 * to know the data first (outliers, fill) ask for it while compiling, and commands are run.
 * Errors: `invalid_input` names the step and what is wrong in it.
 */
export async function compileCuration(input: CurationInput): Promise<Pipeline> {
  const { table } = input
  const verdicts: Pipeline['verdicts'] = [undefined]
  const settings = { ...table.settings }
  const params = { ...table.params }
  const read = readLayer(input, verdicts)
  const layers: Layer[] = [{ operation: 'read', sql: read.sql, columns: read.columns }]
  const added: Pipeline['added'] = []
  let repeats: number | undefined
  for (const [index, one] of input.curate.entries()) {
    const step = index + 1
    const { definition: operation, given, where } = openStep(one, input.operations, `curate[${index}]`)
    const config = operation.config.parse(given)
    const before = layers.at(-1)!
    if (operation.command) {
      if (!input.command)
        throw new KedgeError('invalid_input', { what: `${where}: commands are only run when a version is made` })
      const verdict: CommandInput['verdict'] = (action, reason) =>
        verdicts.push({ step, operation: operation.kind, action, reason }) - 1
      const run = operation.command(config)
      const after = await input.command({ step, where, run, rows: before, params, settings, verdict })
      checkNames(
        after.columns.map(({ name }) => name),
        where,
      )
      layers.push({ operation: operation.kind, ...after })
      continue
    }
    const relation = createRelation(before.columns, where, {
      rows: `(${before.sql})`,
      step,
      ...(input.others ? { others: input.others } : {}),
      secrets: await bindSecrets(input, operation.secrets?.(config) ?? {}, step, params),
    })
    const known = await findOut(input, operation, config, relation, params, settings)
    const compiled = operation.compile(config, relation, known)
    checkNames(
      compiled.columns.map(({ name }) => name),
      where,
    )
    if (compiled.adds) added.push({ step, rows: compiled.adds })
    if (compiled.copy !== undefined) {
      if (repeats !== undefined)
        throw new KedgeError('invalid_input', { what: `${where}: only one step of a dataset can repeat rows` })
      repeats = step
    }
    const numbered = (compiled.verdicts ?? []).map((verdict) => {
      verdicts.push({ step, operation: operation.kind, action: verdict.action, reason: verdict.reason })
      return { ...verdict, number: verdicts.length - 1 }
    })
    layers.push({
      operation: operation.kind,
      sql: layerSql(before, compiled, numbered),
      columns: compiled.columns.map(({ name, type }) => ({ name, type })),
    })
  }
  const { sql, columns } = layers.at(-1)!
  checkTime(input.time, columns)
  return { sql, params, settings, columns, verdicts, layers, added, repeats, where: read.where }
}

function layerSql(before: Layer, { columns, from, copy }: CompiledOperation, verdicts: NumberedVerdict[]): string {
  const selected = columns.map((column) => `${asColumn(column.sql, column.type)} AS ${quoteName(column.name)}`)
  const row = copy === undefined ? 'p.__row' : `toUInt64(p.__row + ${copy})`
  return `SELECT ${[...selected, `${row} AS __row`, ...verdictColumns(verdicts, 'p')].join(', ')} FROM ${from ?? `(${before.sql}) AS p`}`
}

/** What the step has to know of the rows before it can be compiled. */
async function findOut(
  { aggregate }: CurationInput,
  operation: OperationDefinition,
  config: unknown,
  relation: Relation,
  params: Record<string, unknown>,
  settings: Record<string, string | number>,
): Promise<Record<string, unknown>> {
  const statistics = Object.entries(operation.statistics?.(config, relation) ?? {})
  const aggregates = statistics.map(([, sql], i) => `${sql} AS a${i}`)
  const row =
    statistics.length === 0
      ? {}
      : await aggregate(`SELECT ${aggregates.join(', ')} FROM ${relation.rows} AS p`, params, settings)
  const known = Object.fromEntries(statistics.map(([name], i) => [name, row[`a${i}`]]))
  for (const [name, sql] of Object.entries(operation.queries?.(config, relation, known) ?? {})) {
    if (typeof sql === 'string') known[name] = (await aggregate(sql, params, settings)).value
    else {
      const lists: unknown[] = []
      for (const one of sql) lists.push(...((await aggregate(one, params, settings)).value as unknown[]))
      known[name] = lists
    }
  }
  return known
}

/** Values of secrets as parameters of the statement, by the operation's names. */
async function bindSecrets(
  { secret }: CurationInput,
  wanted: Record<string, SecretReference>,
  step: number,
  params: Record<string, unknown>,
): Promise<Map<string, string>> {
  const bound = new Map<string, string>()
  for (const [name, reference] of Object.entries(wanted)) {
    if (!secret) continue
    const parameter = `secret_${step}_${bound.size}`
    params[parameter] = await secret(reference)
    bound.set(name, `{${parameter}:String}`)
  }
  return bound
}

function checkTime(time: string | undefined, columns: readonly Column[]) {
  if (time === undefined) return
  const found = columns.find((column) => column.name === time)
  if (found?.type !== 'time' && found?.type !== 'date')
    throw new KedgeError('invalid_input', {
      what: `time: the column ${time} ${found ? `is ${found.type}, not a time` : 'is gone after the curation'}`,
    })
}

/** SQL of what a position says: the step that added the row, its place there, whether it is a copy. */
export const ofPosition = {
  step: (sql: string) => `bitShiftRight(${sql}, ${positionBits.step})`,
  place: (sql: string) =>
    `bitAnd(bitShiftRight(${sql}, ${positionBits.place}), ${2 ** (positionBits.step - positionBits.place) - 1})`,
  isCopy: (sql: string) => `bitAnd(${sql}, ${2 ** positionBits.place - 1}) > 0`,
} as const
