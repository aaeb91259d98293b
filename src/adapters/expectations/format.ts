import { z } from 'zod'
import { defineRowExpectation } from '../../contracts/expectation.ts'
import { mostly } from '../../contracts/mostly.ts'

/** What a text of a form fulfils, in the engine's SQL; `x` is the text. */
const forms = {
  email: (x: string) => `match(${x}, '^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\\\\.[A-Za-z0-9-]+)*\\\\.[A-Za-z]{2,}$')`,
  url: (x: string) => `match(${x}, '^https?://[^\\\\s/?#]+[^\\\\s]*$')`,
  uuid: (x: string) => `match(lower(${x}), '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$')`,
  ipv4: (x: string) => `toIPv4OrNull(${x}) IS NOT NULL`,
  ipv6: (x: string) => `toIPv6OrNull(${x}) IS NOT NULL AND position(${x}, ':') > 0`,
  date: (x: string) => `startsWith(${x}, ifNull(toString(toDate32OrNull(${x})), 'no')) AND length(${x}) = 10`,
  time: (x: string) => `parseDateTime64BestEffortOrNull(${x}, 6, 'UTC') IS NOT NULL AND match(${x}, '\\\\d{4}')`,
  int: (x: string) => `match(${x}, '^[+-]?[0-9]+$')`,
  number: (x: string) => `isFinite(toFloat64OrNull(${x}))`,
  json: (x: string) => `isValidJSON(${x})`,
  e164: (x: string) => `match(${x}, '^\\\\+[1-9][0-9]{6,14}$')`,
  country: (x: string) => `match(${x}, '^[A-Z]{2}$')`,
  currency: (x: string) => `match(${x}, '^[A-Z]{3}$')`,
  iban: (x: string) => iban(`upper(replaceAll(${x}, ' ', ''))`),
  card: (x: string) => luhn(`replaceRegexpAll(${x}, '[ -]', '')`),
} as const
const names = Object.keys(forms) as [keyof typeof forms, ...(keyof typeof forms)[]]

export default defineRowExpectation({
  kind: 'format',
  title: 'The texts of a column have a known form, such as an e-mail address or a date',
  config: z.strictObject({ column: z.string(), is: z.enum(names), mostly }),
  columns: ({ column }) => [column],
  fails({ column, is }, relation) {
    const { sql, type } = relation.column(column)
    if (type !== 'text') relation.fail(`${column} is ${type}, not a text`, column)
    return `NOT ifNull(${forms[is](`assumeNotNull(${sql})`)}, false)`
  },
  says: ({ is }) => `is of the form ${is}`,
})

/** ISO 13616: the first four behind the rest, letters as numbers from 10, modulo 97 is 1; taken in pieces that fit an integer. */
function iban(x: string): string {
  const digits = `arrayStringConcat(arrayMap(c -> if(c >= 'A', toString(ascii(c) - 55), c), splitByString('', concat(substring(${x}, 5), substring(${x}, 1, 4)))))`
  const rest = `arrayFold((rest, d) -> toUInt64((rest * 10 + d) % 97), arrayMap(c -> toUInt64(ascii(c) - 48), splitByString('', ${digits})), toUInt64(0))`
  return `if(match(${x}, '^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$'), ${rest} = 1, false)`
}

/** ISO 7812: every second digit from the right doubled, its digits summed, divisible by 10. */
function luhn(x: string): string {
  const sum = `arraySum(arrayMap((c, i) -> if(i % 2 = 0, intDiv((ascii(c) - 48) * 2, 10) + ((ascii(c) - 48) * 2) % 10, ascii(c) - 48), splitByString('', reverse(${x})), arrayEnumerate(splitByString('', ${x}))))`
  return `if(match(${x}, '^[0-9]{12,19}$'), ${sum} % 10 = 0, false)`
}
