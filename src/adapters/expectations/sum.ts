import { z } from 'zod'
import { defineRowExpectation } from '../../contracts/expectation.ts'
import { mostly } from '../../contracts/mostly.ts'

export default defineRowExpectation({
  kind: 'sum',
  title: 'In each row these columns add up to a number or to another column',
  config: z.strictObject({
    columns: z.array(z.string()).min(1).max(100),
    to: z.union([z.number(), z.string()]).meta({ description: 'a number, or the name of a column' }),
    within: z.number().min(0).default(1e-9),
    mostly,
  }),
  columns: ({ columns, to }) => [...columns, ...(typeof to === 'string' ? [to] : [])],
  fails({ columns, to, within }, relation) {
    const sum = columns.map((name) => relation.number(name)).join(' + ')
    return `abs(${sum} - ${typeof to === 'number' ? to : relation.number(to)}) > ${within}`
  },
  says: ({ to }) => `add up to ${to}`,
})
