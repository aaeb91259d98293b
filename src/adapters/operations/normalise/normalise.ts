import { z } from 'zod'
import type { ColumnType } from '../../../contracts/column.ts'
import { allColumns, defineOperation, type Relation } from '../../../contracts/curation.ts'
import { countries, countrySpellings } from './countries.ts'
import { conversionOf, unitNames } from './units.ts'

const zone = z.string().refine((name) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return /^[A-Za-z0-9_+/-]+$/.test(name)
  } catch {
    return false
  }
}, 'is no time zone such as Europe/Berlin')
const unit = z.string().refine((name) => unitNames.includes(name), `is none of the units ${unitNames.join(', ')}`)
const country = z
  .string()
  .refine((code) => countries.some(({ alpha2 }) => alpha2 === code), 'is no country code such as DE')

const forms = {
  unicode: z.enum(['NFC', 'NFD', 'NFKC', 'NFKD']).meta({ description: 'Unicode normal form' }),
  case: z.enum(['lower', 'upper', 'title']),
  unit: z
    .strictObject({ from: unit, to: unit })
    .refine(({ from, to }) => conversionOf(from, to), 'measures different things'),
  time_zone: z.strictObject({ from: zone }).meta({ description: 'the times were local times there; they become UTC' }),
  date: z
    .array(z.string().regex(/^[YMDHhmsS./: ,T-]+$/, 'has YYYY, MM, DD, HH, mm, ss and signs between them'))
    .min(1)
    .meta({
      description:
        'forms that texts have, tried in this order, such as DD.MM.YYYY; the column becomes a date, or a time when a form has HH',
    }),
  phone: z
    .strictObject({ country })
    .meta({ description: 'E.164 (+4930123456); numbers without a country are of this one' }),
  country: z
    .enum(['alpha2', 'alpha3', 'numeric'])
    .meta({ description: 'codes and names in ten languages become this code' }),
} as const

const config = z
  .strictObject({
    columns: z.union([z.string().transform((name) => [name]), z.array(z.string()).min(1)]),
    ...(Object.fromEntries(Object.entries(forms).map(([name, form]) => [name, form.optional()])) as {
      [Name in keyof typeof forms]: z.ZodOptional<(typeof forms)[Name]>
    }),
    otherwise: z.enum(['quarantine', 'missing', 'keep']).default('quarantine').meta({
      description: 'what happens to a value that cannot be brought to the form; keep: it stays (not for dates)',
    }),
  })
  .refine(
    (one) => Object.keys(forms).filter((name) => one[name as keyof typeof forms] !== undefined).length === 1,
    `needs exactly one of ${Object.keys(forms).join(', ')}`,
  )
type Config = z.infer<typeof config>

/** What a column becomes; null where the value cannot be brought to the form. */
interface Normalised {
  takes: readonly ColumnType[]
  gives: (type: ColumnType) => ColumnType
  sql(sql: string, type: ColumnType): string
  what: string
}

export default defineOperation({
  kind: 'normalise',
  rowByRow: true,
  title: 'Bring values to one form: units, time zones, Unicode, upper and lower case, dates, phone numbers, countries',
  config,
  compile(config, relation) {
    const form = formOf(config, relation)
    const keeps = config.otherwise === 'keep' && config.date === undefined
    for (const name of config.columns) {
      const { type } = relation.column(name)
      if (!form.takes.includes(type)) relation.fail(`${name} is ${type}, not ${form.takes.join(' or ')}`, name)
    }
    return {
      columns: allColumns(relation).map((column) => {
        if (!config.columns.includes(column.name)) return column
        const sql = form.sql(column.sql, column.type)
        const type = form.gives(column.type)
        return { name: column.name, type, sql: keeps ? `coalesce(${sql}, ${column.sql})` : sql }
      }),
      verdicts:
        config.otherwise !== 'quarantine'
          ? []
          : config.columns.map((name) => {
              const { sql, type } = relation.column(name)
              return {
                when: `${sql} IS NOT NULL AND (${form.sql(sql, type)}) IS NULL`,
                action: 'quarantine' as const,
                reason: `${name} is no ${form.what}`,
                value: sql,
              }
            }),
    }
  },
})

const texts = ['text'] as const
const same = (type: ColumnType) => type

function formOf(config: Config, relation: Relation): Normalised {
  if (config.unicode !== undefined)
    return { takes: texts, gives: same, what: 'text', sql: (sql) => `normalizeUTF8${config.unicode}(${sql})` }
  if (config.case !== undefined) {
    const name = { lower: 'lowerUTF8', upper: 'upperUTF8', title: 'initcapUTF8' }[config.case]
    return { takes: texts, gives: same, what: 'text', sql: (sql) => `${name}(${sql})` }
  }
  if (config.unit !== undefined) {
    const { scale, offset } = conversionOf(config.unit.from, config.unit.to)!
    return {
      takes: ['int', 'float'],
      gives: () => 'float',
      what: 'number',
      sql: (sql) => `(toFloat64(${sql}) * ${scale} + ${offset})`,
    }
  }
  if (config.time_zone !== undefined)
    return {
      takes: ['time'],
      gives: same,
      what: 'local time',
      sql: (sql) =>
        `toTimeZone(parseDateTime64BestEffortOrNull(formatDateTime(${sql}, '%Y-%m-%d %H:%i:%S.%f', 'UTC'), 6, '${config.time_zone!.from}'), 'UTC')`,
    }
  if (config.date !== undefined) return dates(config.date, relation)
  if (config.phone !== undefined) return phones(config.phone.country)
  const wanted = config.country!
  const spellings = [...countrySpellings()]
  const codes = new Map(countries.map((one) => [one.alpha2, one[wanted]]))
  const list = (values: string[]) => values.map((value) => relation.literal(value, 'text')).join(', ')
  const known = `[${list(spellings.map(([name]) => name))}], [${list(spellings.map(([, alpha2]) => codes.get(alpha2)!))}]`
  return {
    takes: texts,
    gives: same,
    what: 'country',
    sql: (sql) => `nullIf(transform(lowerUTF8(trimBoth(ifNull(${sql}, ''))), ${known}, ''), '')`,
  }
}

const marks: [RegExp, string][] = [[/YYYY/g, '%Y'], [/YY/g, '%y'], [/MM/g, '%m'], [/DD/g, '%d'], [/HH/g, '%H'], [/mm/g, '%i'], [/ss/g, '%S']] // biome-ignore format: a table

function dates(given: string[], relation: Relation): Normalised {
  const withTime = given.some((form) => form.includes('HH'))
  const patterns = given.map((form) => marks.reduce((text, [mark, sign]) => text.replace(mark, sign), form))
  return {
    takes: texts,
    gives: () => (withTime ? 'time' : 'date'),
    what: `date in the form ${given.join(' or ')}`,
    sql(sql) {
      const tried = patterns.map(
        (form) => `parseDateTime64OrNull(trimBoth(ifNull(${sql}, '')), ${relation.literal(form, 'text')}, 'UTC')`,
      )
      const found = `coalesce(${[...tried, 'NULL'].join(', ')})`
      return withTime ? `toDateTime64(${found}, 6, 'UTC')` : `toDate32(${found})`
    },
  }
}

/** Digits with the country's code in front; a leading 0 is the way to a trunk line, except in Italy and where nobody has one. */
function phones(alpha2: string): Normalised {
  const { calling } = countries.find((one) => one.alpha2 === alpha2)!
  const keepsZero = ['IT', 'SM', 'VA'].includes(alpha2)
  return {
    takes: texts,
    gives: same,
    what: 'phone number',
    sql(sql) {
      const digits = `replaceRegexpAll(replaceOne(ifNull(${sql}, ''), '(0)', ''), '[^0-9+]', '')`
      const international = `multiIf(startsWith(${digits}, '+'), substring(${digits}, 2), startsWith(${digits}, '00'), substring(${digits}, 3), concat('${calling}', ${keepsZero ? digits : `replaceRegexpOne(${digits}, '^${calling === '1' ? '1' : '0'}', '')`}))`
      return `if(match(${international}, '^[1-9][0-9]{6,14}$') AND match(ifNull(${sql}, ''), '^[-+0-9 ()./\\\\x{00A0}]+$'), concat('+', ${international}), NULL)`
    },
  }
}
