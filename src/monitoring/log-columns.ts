import { z } from 'zod'
import { type ErrorPlace, KedgeError } from '../errors.ts'

/** What a column of a logged file can be, besides a feature. */
const roles = ['id', 'time', 'score', 'label', 'actual', 'version', 'latency'] as const
export type ColumnRole = (typeof roles)[number]

/** The columns of a file by what they are. `features` are all that are nothing else when absent; `ignore` are left out. */
export const columnRoles = z.strictObject({
  ...(Object.fromEntries(roles.map((role) => [role, z.string().min(1).nullable().optional()])) as Record<
    ColumnRole,
    z.ZodOptional<z.ZodNullable<z.ZodString>>
  >),
  /** name of a feature → its column, or the names of the columns */
  features: z.union([z.array(z.string().min(1)), z.record(z.string().min(1), z.string().min(1))]).optional(),
  ignore: z.array(z.string()).optional(),
})
export type ColumnRoles = z.output<typeof columnRoles>

export interface FileColumn {
  name: string
  /** the engine's type */
  type: string
}

export interface ReadColumn extends FileColumn {
  as: ColumnRole | 'number' | 'category' | 'left out'
  /** the name of the feature, or why the column is left out */
  what: string
}

export interface ColumnPlan {
  columns: ReadColumn[]
  of: Partial<Record<ColumnRole, FileColumn>>
  features: { name: string; column: string; type: 'number' | 'category' }[]
}

/** Names by which columns are known where nobody says what they are; the first that is there. */
const usual: Record<ColumnRole, readonly string[]> = {
  id: ['id', 'prediction_id', 'predictionid', 'log_id', 'request_id', 'uuid'],
  time: ['time', 'timestamp', 'datetime', 'event_time', 'ts', 'date'],
  score: ['score', 'probability', 'proba', 'prediction_score', 'y_score', 'prediction', 'y_pred'],
  label: ['label', 'predicted_label', 'prediction_label', 'predicted', 'class'],
  actual: ['actual', 'truth', 'ground_truth', 'y_true', 'target', 'outcome'],
  version: ['version', 'model_version', 'modelversion'],
  latency: ['latency_ms', 'latency'],
}

export const plainType = (type: string): string =>
  type.replace(/^LowCardinality\((.*)\)$/, '$1').replace(/^Nullable\((.*)\)$/, '$1')
export const isNumber = (type: string): boolean => /^(U?Int|Float|Decimal|BFloat)/.test(plainType(type))
export const isTime = (type: string): boolean => /^Date/.test(plainType(type))
/** Texts, and vectors, which stand on record as JSON. */
const isText = (type: string) =>
  /^(String|FixedString|Enum|Bool|UUID|IPv|Nothing|Array\((Nullable\()?(U?Int|Float|BFloat))/.test(plainType(type))

/** Says what each column of a file is, as told or by its name and type. Errors: `invalid_input` with each place. */
export function planColumns(columns: readonly FileColumn[], given: ColumnRoles = {}): ColumnPlan {
  const places: ErrorPlace[] = []
  const byName = new Map(columns.map((column) => [column.name, column]))
  const find = (name: string, where: string) => {
    const column = byName.get(name)
    if (!column)
      places.push({
        where,
        what: `there is no column ${name}; there are ${[...byName.keys()].slice(0, 30).join(', ')}`,
      })
    return column
  }
  const of: ColumnPlan['of'] = {}
  const named = given.features && (Array.isArray(given.features) ? given.features : Object.values(given.features))
  const spoken = new Set([...(named ?? []), ...roles.flatMap((role) => given[role] ?? []), ...(given.ignore ?? [])])
  for (const role of roles) {
    const told = given[role]
    if (told === null) continue
    const column =
      told === undefined
        ? usual[role]
            .map((name) => columns.find((one) => one.name.toLowerCase() === name && !spoken.has(one.name)))
            .find((one) => one !== undefined && fits(role, one.type))
        : find(told, role)
    if (!column) continue
    of[role] = column
    spoken.add(column.name)
  }
  const features: [string, FileColumn | undefined][] = given.features
    ? Array.isArray(given.features)
      ? given.features.map((name) => [name, find(name, 'features')])
      : Object.entries(given.features).map(([name, column]) => [name, find(column, `features.${name}`)])
    : columns.filter(({ name }) => !spoken.has(name)).map((column) => [column.name, column])
  for (const [name, column] of features) {
    if (name.startsWith('$')) places.push({ where: `features.${name}`, what: 'feature names do not begin with $' })
    if (given.features && column && !isNumber(column.type) && !isText(column.type))
      places.push({ where: `features.${name}`, what: `a column of type ${plainType(column.type)} is no feature` })
  }
  for (const name of given.ignore ?? []) find(name, 'ignore')
  if (places.length > 0)
    throw new KedgeError('invalid_input', { what: 'The columns of the file are not those that were named' }, { places })
  const taken = features.flatMap(([name, column]) =>
    column && (isNumber(column.type) || isText(column.type))
      ? [{ name, column: column.name, type: isNumber(column.type) ? ('number' as const) : ('category' as const) }]
      : [],
  )
  return { columns: columns.map((column) => describe(column, of, taken)), of, features: taken }
}

const fits = (role: ColumnRole, type: string) =>
  role === 'score' || role === 'latency'
    ? isNumber(type)
    : role === 'time'
      ? isTime(type) || isNumber(type) || isText(type)
      : true

function describe(column: FileColumn, of: ColumnPlan['of'], features: ColumnPlan['features']): ReadColumn {
  const type = plainType(column.type)
  const role = roles.find((one) => of[one]?.name === column.name)
  if (role) return { name: column.name, type, as: role, what: role }
  const feature = features.find((one) => one.column === column.name)
  if (feature) return { name: column.name, type, as: feature.type, what: feature.name }
  const what = isNumber(type) || isText(type) ? 'nothing was said of it' : `values of type ${type} are no feature`
  return { name: column.name, type, as: 'left out', what }
}
