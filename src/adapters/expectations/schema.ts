import { z } from 'zod'
import { columnTypes } from '../../contracts/column.ts'
import { defineExpectation } from '../../contracts/expectation.ts'

export default defineExpectation({
  kind: 'schema',
  title: 'The version has these columns with these types',
  config: z.strictObject({
    columns: z.record(z.string(), z.enum(columnTypes)),
    exact: z.boolean().default(false).meta({ description: 'and no others' }),
    ordered: z.boolean().optional().meta({ description: 'in this order' }),
  }),
  judge({ columns, exact, ordered }, _, context) {
    const found = new Map(context.columns.map(({ name, type }) => [name, type]))
    const wrong = Object.entries(columns).flatMap(([name, type]) => {
      if (!found.has(name)) return [`${name} is absent`]
      return found.get(name) === type ? [] : [`${name} is ${found.get(name)}, not ${type}`]
    })
    if (exact)
      wrong.push(
        ...[...found.keys()].filter((name) => !Object.hasOwn(columns, name)).map((name) => `${name} is not expected`),
      )
    const order = context.columns.map(({ name }) => name).filter((name) => Object.hasOwn(columns, name))
    if (ordered && wrong.length === 0 && order.join() !== Object.keys(columns).join())
      wrong.push(`the order is ${order.join(', ')}`)
    return { ok: wrong.length === 0, message: wrong.length === 0 ? 'The columns are as expected' : wrong.join('; ') }
  },
})
