import type { Column } from '../../contracts/column.ts'
import type { OperationDefinition, OtherRows, PlacedExpression, Relation } from '../../contracts/curation.ts'
import type { ExpectationDefinition } from '../../contracts/expectation.ts'
import { KedgeError } from '../../errors.ts'
import { nearest } from '../expression/nearest.ts'
import { createRelation } from './relation.ts'

/** A mistake in a dataset's declaration that only its source's columns show. */
export interface CurationMistake {
  path: (string | number)[]
  what: string
}

export interface CheckedCuration {
  mistakes: CurationMistake[]
  /** what the dataset will have; undefined where only making it tells */
  columns: Column[] | undefined
}

interface Step {
  definition: { config: { parse(value: unknown): unknown }; expressions?(config: never): PlacedExpression[] }
  config: unknown
  path: (string | number)[]
}

/** Steps have to know the data before they compile; which values they are told is the same to what their names are checked against. */
export const someStatistics = new Proxy({}, { get: () => [0, 1] }) as Record<string, unknown>

/**
 * All mistakes of a dataset's steps and expectations against the columns of its source: names, types, expressions. Steps
 * whose form is wrong are passed over; after one, nobody knows which columns there are.
 */
export function checkCuration(
  spec: { time?: unknown; curate?: unknown; expect?: unknown },
  source: readonly Column[],
  kinds: { operations: readonly OperationDefinition[]; expectations: readonly ExpectationDefinition[] },
  others: ReadonlyMap<string, OtherRows> = new Map(),
): CheckedCuration {
  const mistakes: CurationMistake[] = []
  /** columns that a step with a mistake would have made: nothing is said about what uses them */
  const unsure = new Set<string>()
  const { time } = spec
  const curate = listOf(spec.curate)
  if (typeof time === 'string' && !source.some(({ name }) => name === time))
    mistakes.push({ path: ['time'], what: missing(time, source) })
  let columns: Column[] = source.map((column) =>
    column.name === time && column.type !== 'date' ? { ...column, type: 'time' } : column,
  )

  function attempt<T>(step: Step, act: (config: never, relation: Relation) => T): T | undefined {
    try {
      return act(step.config as never, createRelation(columns, '', { others }))
    } catch (error) {
      if (!(error instanceof KedgeError)) return undefined
      const { problem, subject } = error.details as { problem?: string; subject?: string }
      const uses = subject ?? error.message
      if (![...unsure].some((name) => uses.includes(name)))
        mistakes.push({
          path: [...step.path, ...(subject === undefined ? [] : (placeOf(step.config, subject) ?? []))],
          what: problem ?? error.message,
        })
      return undefined
    }
  }

  for (const [index, given] of curate.entries()) {
    const step = open(given, kinds.operations, ['curate', index])
    const operation = step?.definition as OperationDefinition
    // after a command, or without the columns of another dataset, nobody knows which columns there are
    if (!step || operation.command || operation.datasets?.(step.config).some((name) => !others.has(name)))
      return { mistakes, columns: undefined }
    const before = mistakes.length
    const kept = columns
    for (const part of operation.kind === 'derive' ? oneByOne(step) : [step]) {
      attempt(part, (config, relation) => operation.statistics?.(config, relation))
      attempt(part, (config, relation) => operation.queries?.(config, relation, someStatistics))
      if (mistakes.length > before && (operation.statistics || operation.queries)) continue
      const compiled = attempt(part, (config, relation) => operation.compile(config, relation, someStatistics))
      if (compiled) {
        columns = compiled.columns.map(({ name, type }) => ({ name, type }))
        const twice = columns.find(({ name }, i) => columns.findIndex((other) => other.name === name) !== i)
        if (twice) mistakes.push({ path: step.path, what: `two columns would be named ${twice.name}` })
      } else if (operation.kind === 'derive') for (const name of Object.keys(part.config as object)) unsure.add(name)
    }
    // what a select or rename with a mistake would have left is not known: the columns go on as they were
    if (mistakes.length > before && operation.kind !== 'derive') columns = kept
    if (mistakes.length > before && operation.kind === 'rename')
      for (const name of Object.values(step.config as Record<string, string>)) unsure.add(name)
  }
  if (typeof time === 'string' && mistakes.length === 0) {
    const found = columns.find(({ name }) => name === time)
    if (!found) mistakes.push({ path: ['time'], what: `the column ${time} is gone after the curation` })
    else if (found.type !== 'time' && found.type !== 'date')
      mistakes.push({ path: ['time'], what: `the column ${time} is ${found.type} after the curation, not a time` })
  }
  for (const [index, given] of listOf(spec.expect).entries()) {
    const step = open(given, kinds.expectations, ['expect', index])
    const expectation = step?.definition as ExpectationDefinition | undefined
    if (!step || !expectation) continue
    attempt(step, (config, relation) => expectation.statistics?.(config, relation))
    if (expectation.datasets?.(step.config).every((name) => others.has(name)) !== false)
      attempt(step, (config, relation) => expectation.queries?.(config, relation))
  }
  return { mistakes, columns: mistakes.length === 0 ? columns : undefined }
}

/** A derivation of several columns as several of one: each can have its own mistake. */
const oneByOne = (step: Step): Step[] =>
  Object.entries(step.config as Record<string, unknown>).map(([name, text]) => ({ ...step, config: { [name]: text } }))

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

function open(
  given: unknown,
  kinds: readonly (OperationDefinition | ExpectationDefinition)[],
  path: (string | number)[],
): Step | undefined {
  const step = (typeof given === 'object' && given !== null ? given : {}) as Record<string, unknown>
  const definition = kinds.find((candidate) => step[candidate.kind] !== undefined)
  const value = definition && step[definition.kind]
  const parsed = definition?.config.safeParse(value)
  return definition && parsed?.success
    ? { definition, config: parsed.data, path: [...path, definition.kind] }
    : undefined
}

const missing = (name: string, columns: readonly Column[]) => {
  const names = columns.map((column) => column.name)
  const hint = nearest(name, names)
  return `the source has no column ${name}${hint ? `; did you mean ${hint}?` : ` (it has ${names.slice(0, 20).join(', ')})`}`
}

/** Where a text stands in a configuration, as a value or as a key. */
function placeOf(config: unknown, text: string): (string | number)[] | undefined {
  if (config === text) return []
  if (typeof config !== 'object' || config === null) return undefined
  if (!Array.isArray(config) && Object.hasOwn(config, text)) return [text]
  for (const [key, value] of Object.entries(config)) {
    const inner = placeOf(value, text)
    if (inner) return [Array.isArray(config) ? Number(key) : key, ...inner]
  }
  return undefined
}
