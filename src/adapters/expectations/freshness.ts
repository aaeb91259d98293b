import { z } from 'zod'
import { defineExpectation } from '../../contracts/expectation.ts'

const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
const duration = z.string().regex(/^\d+(\.\d+)?[smhdw]$/, 'a number and s, m, h, d or w, for example 36h')
const milliseconds = (text: string) => Number(text.slice(0, -1)) * units[text.at(-1) as keyof typeof units]

export default defineExpectation({
  kind: 'freshness',
  title: 'The newest time in a column is not older than this when the version is made',
  config: z.strictObject({ column: z.string(), within: duration }),
  statistics({ column }, relation) {
    const { sql, type } = relation.column(column)
    return { newest: `max(${relation.convert(relation.convert(sql, type, 'time'), 'time', 'int')})` }
  },
  judge({ column, within: given }, { newest }, { now }) {
    const within = milliseconds(given)
    if (newest === null) return { ok: false, observed: null, message: `${column} has no time` }
    const age = now - Number(newest)
    const hours = (x: number) => `${(x / units.h).toFixed(1)} hours`
    return {
      ok: age <= within,
      observed: Number(newest),
      message: `The newest ${column} is ${hours(age)} old${age <= within ? '' : `, more than ${hours(within)}`}`,
    }
  },
})
