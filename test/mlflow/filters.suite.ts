import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createJournal } from '../../src/journal/journal.ts'
import type { SqlStore } from '../../src/storage/sql/sql-store.ts'
import { createExperiments } from '../../src/tracking/experiments.ts'
import { createRunValues } from '../../src/tracking/run-values.ts'
import { createRuns } from '../../src/tracking/runs.ts'
import { createRunSearch } from '../../src/tracking/search-runs.ts'

interface Made {
  id: string
  name: string
  start: number
  end: number | null
  params: Record<string, string>
  tags: Record<string, string>
  metrics: Record<string, number>
}
/** A filter as it is written, and what it means. */
interface Written {
  text: string
  holds(run: Made): boolean
}

const keys = ['a', 'b c', 'x.y', "it's"]
const texts = ['tree', 'Tree', 'TRÉE', 'trée', '', '5', '5.0', '%', '_', '*x?[', '\\', "o'clock"]
const numbers = [0, -1, 0.5, 1, 1e300, Number.NaN, Number.POSITIVE_INFINITY]

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`
const field = (entity: string, key: string) => `${entity}.\`${key}\``
const like = (value: string, pattern: string) =>
  new RegExp(
    `^${[...pattern].map((sign) => (sign === '%' ? '[^]*' : sign === '_' ? '[^]' : sign.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))).join('')}$`,
    'u',
  ).test(value)
const compare = (operator: string, a: number | string, b: number | string) =>
  ({ '=': a === b, '!=': a !== b, '<': a < b, '<=': a <= b, '>': a > b, '>=': a >= b })[operator]!

const textComparison = (write: string, read: (run: Made) => string | undefined): fc.Arbitrary<Written> =>
  fc.oneof(
    fc
      .record({ operator: fc.constantFrom('=', '!='), value: fc.constantFrom(...texts) })
      .map(({ operator, value }) => ({
        text: `${write} ${operator} ${quoted(value)}`,
        holds: (run: Made) => read(run) !== undefined && compare(operator, read(run)!, value),
      })),
    fc
      .record({
        operator: fc.constantFrom('LIKE', 'ILIKE', 'NOT LIKE', 'not ilike'),
        value: fc.constantFrom(...texts, 'tr%', '%e%', 'T_ee', '%É%'),
      })
      .map(({ operator, value }) => ({
        text: `${write} ${operator} ${quoted(value)}`,
        holds: (run: Made) => {
          const own = read(run)
          const found =
            own !== undefined &&
            (/ilike/i.test(operator) ? like(own.toLowerCase(), value.toLowerCase()) : like(own, value))
          return /not/i.test(operator) ? !found : found
        },
      })),
    fc
      .record({ not: fc.boolean(), values: fc.array(fc.constantFrom(...texts), { minLength: 1, maxLength: 30 }) })
      .map(({ not, values }) => ({
        text: `${write} ${not ? 'NOT ' : ''}IN (${values.map(quoted).join(', ')})`,
        holds: (run: Made) => (read(run) !== undefined && values.includes(read(run)!)) !== not,
      })),
    fc.boolean().map((not) => ({
      text: `${write} IS ${not ? 'NOT ' : ''}NULL`,
      holds: (run: Made) => (read(run) === undefined) !== not,
    })),
  )

const numberComparison = (write: string, read: (run: Made) => number | null | undefined): fc.Arbitrary<Written> =>
  fc
    .record({
      operator: fc.constantFrom('=', '!=', '<', '<=', '>', '>='),
      value: fc.constantFrom(0, -1, 0.5, 1, 1.5, 1e300, 1e-3),
    })
    .map(({ operator, value }) => ({
      text: `${write} ${operator} ${value}`,
      holds: (run: Made) => {
        const own = read(run)
        return (
          typeof own === 'number' && !Number.isNaN(own) && compare(operator, Math.min(own, Number.MAX_VALUE), value)
        )
      },
    }))

const key = fc.constantFrom(...keys)
const leaf: fc.Arbitrary<Written> = fc.oneof(
  key.chain((one) => textComparison(field('params', one), (run) => run.params[one])),
  key.chain((one) => textComparison(field('tags', one), (run) => run.tags[one])),
  key.chain((one) => numberComparison(field('metrics', one), (run) => run.metrics[one])),
  textComparison('attributes.run_name', (run) => run.name),
  numberComparison('start_time', (run) => run.start),
  numberComparison('attributes.end_time', (run) => run.end),
)
const filter = fc.letrec<{ node: Written }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    leaf,
    tie('node').map((inner) => ({ text: `NOT (${inner.text})`, holds: (run: Made) => !inner.holds(run) })),
    fc
      .record({ or: fc.boolean(), items: fc.array(tie('node'), { minLength: 2, maxLength: 3 }) })
      .map(({ or, items }) => ({
        text: items.map((item) => `(${item.text})`).join(or ? ' OR ' : ' and '),
        holds: (run: Made) => (or ? items.some((item) => item.holds(run)) : items.every((item) => item.holds(run))),
      })),
  ),
})).node

const values = <T>(some: readonly T[]) =>
  fc.dictionary(key, fc.constantFrom(...some), { maxKeys: 4, noNullPrototype: true })
const runs = fc.array(
  fc.record({
    name: fc.constantFrom(...texts.filter((text) => text !== '')),
    start: fc.constantFrom(0, 1, 2),
    end: fc.constantFrom(null, 0, 1),
    params: values(texts),
    tags: values(texts),
    metrics: values(numbers),
  }),
  { minLength: 1, maxLength: 12 },
)

function makeTracking(store: SqlStore) {
  const environment = { store, journal: createJournal(store) }
  const experiments = createExperiments(environment)
  const runs = createRuns(environment, experiments)
  return {
    experiments,
    runs: { ...runs, ...createRunSearch(environment, experiments) },
    values: createRunValues(environment, runs),
  }
}

/** The filters, orders and pages of a search of runs against a plain evaluation in memory, on any SQL store. */
export function filtersSuite(name: string, open: () => Promise<SqlStore>, worlds: number): void {
  describe(`searches of runs on ${name}`, () => {
    let store: SqlStore
    let tracking: ReturnType<typeof makeTracking>
    const context = { actor: 'test' }
    const project = 'default'
    let experiments = 0
    beforeAll(async () => {
      store = await open()
      tracking = makeTracking(store)
    })
    afterAll(async () => {
      await store.close()
    })

    async function make(list: readonly Omit<Made, 'id'>[]): Promise<{ experiment: string; made: Made[] }> {
      const experiment = await tracking.experiments.create(context, project, `filters ${experiments++}`)
      const id = typeof experiment === 'string' ? experiment : (experiment as { id: string }).id
      const made: Made[] = []
      for (const run of list) {
        const { id: runId } = await tracking.runs.create(context, {
          project,
          experimentId: id,
          name: run.name,
          startTime: run.start,
        })
        const pairs = (record: Record<string, string>) =>
          Object.entries(record).map(([one, value]) => ({ key: one, value }))
        // MLflow's keys of params and metrics are narrower than a filter's: these are written as an import would
        const { number } = await tracking.runs.find(project, runId)
        await store.write(async ({ query }) => {
          for (const { key: one, value } of pairs(run.params))
            await query('insert into run_params (run, key, value) values (?, ?, ?)', [number, one, value])
          for (const [one, value] of Object.entries(run.metrics))
            await query('insert into metric_series (run, key, step, time, value) values (?, ?, 0, 0, ?)', [
              number,
              one,
              Number.isNaN(value) ? Number.POSITIVE_INFINITY : Math.min(value, Number.MAX_VALUE),
            ])
          if (run.end !== null) await query('update runs set end_time = ? where number = ?', [run.end, number])
        })
        await tracking.values.log(context, project, runId, { tags: pairs(run.tags) })
        made.push({ ...run, id: runId })
      }
      return { experiment: id, made }
    }

    it('finds what a plain evaluation finds, whatever the filter', async () => {
      await fc.assert(
        fc.asyncProperty(runs, fc.array(filter, { minLength: 20, maxLength: 40 }), async (list, filters) => {
          const { experiment, made } = await make(list)
          for (const { text, holds } of filters) {
            const found = (await tracking.runs.search(project, [experiment], { filter: text })).items.map(
              (run) => run.id,
            )
            expect([text, found.sort()]).toEqual([
              text,
              made
                .filter(holds)
                .map((run) => run.id)
                .sort(),
            ])
          }
        }),
        { numRuns: worlds },
      )
    }, 60_000)

    it('orders by anything as MLflow does: numbers, then NaN, then what is missing; ties by start and id; in pages', async () => {
      const order = fc.record({
        entity: fc.constantFrom('metrics', 'params', 'tags', 'start_time', 'end_time'),
        key,
        descending: fc.boolean(),
      })
      await fc.assert(
        fc.asyncProperty(
          runs,
          fc.uniqueArray(order, {
            maxLength: 3,
            selector: (one) => (/_time/.test(one.entity) ? one.entity : `${one.entity}.${one.key}`),
          }),
          fc.integer({ min: 1, max: 5 }),
          async (list, orders, size) => {
            const { experiment, made } = await make(list)
            const read = (run: Made, { entity, key: one }: (typeof orders)[number]): string | number | null =>
              entity === 'metrics'
                ? (run.metrics[one] ?? null)
                : entity === 'params'
                  ? (run.params[one] ?? null)
                  : entity === 'tags'
                    ? (run.tags[one] ?? null)
                    : entity === 'start_time'
                      ? run.start
                      : run.end
            const rank = (value: string | number | null) => (value === null ? 2 : Number.isNaN(value) ? 1 : 0)
            const bytes = (value: string | number) =>
              typeof value === 'string' ? Buffer.from(value).toString('hex') : Math.min(value, Number.MAX_VALUE)
            const expected = [...made].sort((a, b) => {
              for (const one of orders) {
                const [x, y] = [read(a, one), read(b, one)]
                const ranks = rank(x) - rank(y)
                if (ranks !== 0) return ranks
                if (rank(x) > 0) continue
                const [p, q] = [bytes(x!), bytes(y!)]
                if (p !== q) return (p < q ? -1 : 1) * (one.descending ? -1 : 1)
              }
              if (!orders.some((one) => one.entity === 'start_time') && a.start !== b.start) return b.start - a.start
              return a.id < b.id ? -1 : 1
            })
            const orderBy = orders.map(
              (one) =>
                `${/_time/.test(one.entity) ? one.entity : field(one.entity, one.key)} ${one.descending ? 'DESC' : 'ASC'}`,
            )
            const found: string[] = []
            let pageToken: string | undefined
            do {
              const page = await tracking.runs.search(project, [experiment], { orderBy, maxResults: size, pageToken })
              found.push(...page.items.map((run) => run.id))
              pageToken = page.next
              // it would come first, and moves no page
              if (pageToken && found.length <= size) {
                const early = await tracking.runs.create(context, { project, experimentId: experiment, startTime: 99 })
                await tracking.values.log(context, project, early.id, {
                  metrics: [{ key: 'a', value: 1e308, step: 0, time: 0 }],
                })
              }
            } while (pageToken)
            expect(found).toEqual(expected.map((run) => run.id))
          },
        ),
        { numRuns: worlds },
      )
    }, 60_000)

    it('refuses what is too much, quickly, and shows where', async () => {
      const { experiment } = await make([{ name: 'one', start: 0, end: null, params: {}, tags: {}, metrics: {} }])
      const search = (text: string) => tracking.runs.search(project, [experiment], { filter: text })
      const start = performance.now()
      for (const text of [
        'a'.repeat(1_000_000),
        `metrics.a > 1${' '.repeat(1_000_000)}`,
        `${'('.repeat(10_000)}metrics.a > 1${')'.repeat(10_000)}`,
        `${'NOT '.repeat(10_000)}metrics.a > 1`,
        Array(10_000).fill('metrics.a > 1').join(' AND '),
        `params.a LIKE '${'%a'.repeat(5000)}'`,
      ])
        await expect(search(text)).rejects.toMatchObject({ code: 'filter_invalid', class: 'invalid' })
      expect(performance.now() - start).toBeLessThan(2000)
      await expect(search("params.model = 'tree' AND metrics.auc >> 1")).rejects.toThrow(
        /at character 40: .*\n {2}params\.model = 'tree' AND metrics\.auc >> 1\n {41}\^/,
      )
      // as much as is allowed
      expect((await search(Array(256).fill('NOT metrics.a > 1').join(' AND '))).items).toHaveLength(1)
      expect(
        (await search(`run_id IN (${Array.from({ length: 10_000 }, (_, i) => `'${i}'`).join(',')})`)).items,
      ).toEqual([])
      expect((await search(`${'('.repeat(150)}metrics.a IS NULL${')'.repeat(150)}`)).items).toHaveLength(1)
    })
  })
}
