import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Column, Tensor } from '../../contracts/model-runtime.ts'
import { KedgeError } from '../../errors.ts'
import { createCallLine, type LineModel } from './call-line.ts'

const limits = { queue: 1000, wait: 60_000, timeout: 60_000 }

/** A model whose answer to a row is that row's own number, and which runs when it is told to. */
function heldModel(options: { parallel?: number; chunk?: number | null; place?: LineModel['place'] } = {}) {
  const held: { rows: number[]; finish(error?: Error): void }[] = []
  const hold = <T>(rows: number[], answer: () => T) =>
    new Promise<T>((resolve, reject) => {
      held.push({
        rows,
        finish: (error) => {
          const bad = rows.find((row) => row < 0)
          if (error) reject(error)
          else if (bad !== undefined) reject(new KedgeError('invalid_input', { what: `bad row ${bad}` }))
          else resolve(answer())
        },
      })
    })
  const model: LineModel = {
    inputs: [{ name: 'x', datatype: 'FP64', shape: [-1, 1] }],
    outputs: [{ name: 'y', datatype: 'FP64', shape: [-1, 2] }],
    description: undefined,
    place: options.place ?? 'thread',
    parallel: options.parallel ?? 1,
    chunk: options.chunk === undefined ? 8 : options.chunk,
    score: (columns) => {
      const rows = [...(columns[0] as number[])]
      return hold(rows, () => Float64Array.from(rows))
    },
    infer: (tensors) => {
      const rows = [...(tensors[0]!.data as Float64Array)]
      return hold(rows, () => [
        {
          name: 'y',
          datatype: 'FP64',
          shape: [rows.length, 2],
          data: Float64Array.from(rows.flatMap((row) => [row, -row])),
        },
      ])
    },
    close: async () => {},
  }
  return { model, held }
}

const turn = () => new Promise((done) => setImmediate(done))
const column = (rows: readonly number[]): Column[] => [[...rows]]
const tensor = (rows: readonly number[]): Tensor[] => [
  { name: 'x', datatype: 'FP64', shape: [rows.length, 1], data: Float64Array.from(rows) },
]

describe('a line of calls', () => {
  test('gives every caller its own rows, whatever comes when and is joined with what; one that fails fails alone', async () => {
    let joined = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            rows: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 12 })),
            bad: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
            tensors: fc.boolean(),
            priority: fc.integer({ min: -1, max: 1 }),
            finishBefore: fc.constantFrom(0, 0, 0, 1, 2),
          }),
          { minLength: 1, maxLength: 40, size: 'max' },
        ),
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(null, 1, 8, 32),
        async (requests, parallel, chunk) => {
          const { model, held } = heldModel({ parallel, chunk })
          const line = createCallLine(model, limits, () => 0)
          let next = 1
          const answers: Promise<void>[] = []
          for (const { rows, bad, tensors, priority, finishBefore } of requests) {
            for (let i = 0; i < finishBefore; i++) {
              // the one that began last may end first
              held.splice(i % 2 === 0 ? 0 : held.length - 1, 1)[0]?.finish()
              await turn()
            }
            const values = Array.from({ length: rows }, () => next++)
            if (bad) values[rows - 1] = -values[rows - 1]!
            const answer: Promise<number[]> = tensors
              ? line.infer(tensor(values), { priority }).then(([y]) => {
                  expect(y!.shape).toEqual([rows, 2])
                  return [...(y!.data as Float64Array)].filter((_, i) => i % 2 === 0)
                })
              : line.score(column(values), rows, { priority }).then((scores) => [...scores])
            answers.push(
              bad
                ? expect(answer).rejects.toMatchObject({
                    code: 'invalid_input',
                    message: `bad row ${values[rows - 1]}`,
                  })
                : answer.then((got) => expect(got).toEqual(values)),
            )
          }
          const all = Promise.all(answers)
          let done = false
          void all
            .finally(() => {
              done = true
            })
            .catch(() => {})
          while (!done) {
            held.shift()?.finish()
            await turn()
          }
          await all
          joined += line.calls.joined
          expect(line.inProgress).toBe(0)
        },
      ),
      { numRuns: 150 },
    )
    expect(joined).toBeGreaterThan(50)
  })

  test('runs a lone call at once and alone, and joins what waited for it', async () => {
    const { model, held } = heldModel()
    const line = createCallLine(model, limits, () => 0)
    const timings = [1, 2, 3, 4].map(() => ({ call: 0, share: 0 }))
    const answers = [1, 2, 3, 4].map((row, i) => line.score(column([row]), 1, { timing: timings[i] }))
    await turn()
    expect(held.map((call) => call.rows)).toEqual([[1]])
    held.shift()!.finish()
    await turn()
    expect(held.map((call) => call.rows)).toEqual([[2, 3, 4]])
    held.shift()!.finish()
    expect((await Promise.all(answers)).map((scores) => [...scores])).toEqual([[1], [2], [3], [4]])
    // the time of the model, each with its part of it, without the waiting
    for (const [i, parts] of [1, 3, 3, 3].entries()) {
      expect(timings[i]!.call).toBeGreaterThan(0)
      expect(timings[i]!.share).toBeCloseTo(timings[i]!.call / parts, 6)
    }
    expect(timings[1]).toEqual(timings[3])
  })

  test('a model that runs inline neither waits nor joins', async () => {
    const { model, held } = heldModel({ place: 'inline' })
    const line = createCallLine(model, limits, () => 0)
    const answers = [1, 2, 3].map((row) => line.score(column([row]), 1))
    await turn()
    expect(held.map((call) => call.rows)).toEqual([[1], [2], [3]])
    for (const call of held) call.finish()
    expect((await Promise.all(answers)).map((scores) => [...scores])).toEqual([[1], [2], [3]])
  })

  test('divides a large call into pieces of the fastest size', async () => {
    const { model, held } = heldModel({ place: 'inline' })
    const line = createCallLine(model, limits, () => 0)
    const values = Array.from({ length: 20 }, (_, i) => i + 1)
    for (const ask of [
      () => line.score(column(values), 20).then((scores) => [...scores]),
      () => line.infer(tensor(values)).then(([y]) => [...(y!.data as Float64Array)].filter((_, i) => i % 2 === 0)),
    ]) {
      const answer = ask()
      const sizes: number[] = []
      while (sizes.reduce((a, b) => a + b, 0) < 20) {
        await turn()
        const call = held.shift()!
        sizes.push(call.rows.length)
        call.finish()
      }
      expect(sizes).toEqual([8, 12])
      expect(await answer).toEqual(values)
    }
  })

  test('lets the urgent go first and drops whose caller has gone or whose time is over, before they run', async () => {
    const { model, held } = heldModel({ chunk: null })
    let now = 1000
    const line = createCallLine(model, limits, () => now)
    const gone = new AbortController()
    const first = line.score(column([1]), 1)
    const normal = line.score(column([2]), 1)
    const cancelled = expect(line.score(column([3]), 1, { signal: gone.signal })).rejects.toMatchObject({
      code: 'cancelled',
    })
    const late = expect(line.score(column([4]), 1, { deadline: 10_000 })).rejects.toMatchObject({
      code: 'deadline_passed',
    })
    const urgent = line.score(column([5]), 1, { priority: 1 })
    gone.abort()
    await cancelled
    now = 10_001
    const order: number[] = []
    for (let i = 0; i < 3; i++) {
      await turn()
      const call = held.shift()!
      order.push(...call.rows)
      call.finish()
    }
    expect(order).toEqual([1, 5, 2])
    await Promise.all([first, normal, urgent, late])
    await expect(line.score(column([6]), 1, { deadline: 10_000 })).rejects.toMatchObject({ code: 'deadline_passed' })
    await expect(line.score(column([7]), 1, { signal: gone.signal })).rejects.toMatchObject({ code: 'cancelled' })
    expect(held).toEqual([])
  })

  test('answers the caller in time also when the call takes longer', async () => {
    const { model, held } = heldModel()
    const line = createCallLine(model, { ...limits, timeout: 20 }, Date.now)
    await expect(line.score(column([1]), 1)).rejects.toMatchObject({ code: 'deadline_passed' })
    held.shift()!.finish()
  })

  test('refuses at once what is over the limit, or would wait too long; who has less priority gives way', async () => {
    const { model, held } = heldModel({ chunk: null })
    const line = createCallLine(model, { ...limits, queue: 2 }, () => 0)
    const ok = [1, 2].map((row) => line.score(column([row]), 1))
    const pushed = expect(line.score(column([3]), 1)).rejects.toMatchObject({
      code: 'overloaded',
      details: { retryAfter: 1 },
    })
    await expect(line.score(column([4]), 1)).rejects.toMatchObject({ code: 'overloaded' })
    const urgent = line.score(column([5]), 1, { priority: 1 })
    await pushed
    for (let i = 0; i < 3; i++) {
      await turn()
      held.shift()!.finish()
    }
    expect((await Promise.all([...ok, urgent])).map(([score]) => score)).toEqual([1, 2, 5])
    const inline = createCallLine(heldModel({ place: 'inline' }).model, { ...limits, queue: 2 }, () => 0)
    for (const row of [1, 2, 3]) void inline.score(column([row]), 1)
    await expect(inline.score(column([4]), 1)).rejects.toMatchObject({ code: 'overloaded' })
  })

  test('says before a call has come that it would be refused, unless its priority could change that', async () => {
    let now = 0
    const { model, held } = heldModel()
    const line = createCallLine(model, { ...limits, queue: 1 }, () => now)
    const ask = (priority: number) => line.score(column([1]), 1, { priority }).catch(() => {})
    expect(line.refusal()).toBeUndefined()
    const asked = [ask(0)]
    expect(line.refusal()).toBeUndefined()
    asked.push(ask(-1))
    // the one that waits would give way
    expect(line.refusal()).toBeUndefined()
    asked.push(ask(0))
    expect(line.refusal()).toMatchObject({ code: 'overloaded' })
    asked.push(ask(1))
    expect(line.refusal()).toBeUndefined()
    now += 60_001
    expect(line.refusal()).toMatchObject({ code: 'overloaded' })
    // whose time was over meanwhile does not run
    held.shift()!.finish()
    await Promise.all(asked)
    expect(line.refusal()).toBeUndefined()
  })

  test('repeats once what died with its worker, each call of a joined one by itself', async () => {
    const died = () => new KedgeError('worker_died', { what: 'gone' })
    const { model, held } = heldModel()
    const line = createCallLine(model, limits, () => 0)
    const first = line.score(column([1]), 1)
    const killer = expect(line.score(column([2]), 1)).rejects.toMatchObject({ code: 'worker_died' })
    const innocent = line.score(column([3]), 1)
    const seen: number[][] = []
    for (const error of [died(), undefined, died(), died(), undefined]) {
      await turn()
      const call = held.shift()!
      seen.push(call.rows)
      call.finish(error)
    }
    expect(seen).toEqual([[1], [1], [2, 3], [2], [3]])
    expect([...(await first)]).toEqual([1])
    expect([...(await innocent)]).toEqual([3])
    await killer
  })
})
