import { z } from 'zod'
import { defineExpectation } from '../../contracts/expectation.ts'

export default defineExpectation({
  kind: 'sql',
  title: 'A query over the table rows finds no row at fault (or few)',
  config: z.strictObject({
    query: z.string().min(1).max(20_000).meta({
      description: "in the engine's SQL, reading only the table rows; for example SELECT * FROM rows WHERE a > b",
    }),
    description: z.string().max(500).optional(),
    mostly: z.number().min(0).max(1).default(1),
  }),
  userQuery: ({ query }) => query,
  judge({ query, description, mostly }, { rows, failing }) {
    const [all, bad] = [Number(rows), Number(failing)]
    const ok = bad === 0 || (all > 0 && bad / all <= 1 - mostly)
    const what = description ?? query.replace(/\s+/g, ' ').slice(0, 100)
    return {
      ok,
      observed: { failing: bad, rows: all },
      message: bad === 0 ? `${what}: no row at fault` : `${what}: ${bad} rows at fault`,
    }
  },
})
