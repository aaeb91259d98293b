import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { releaseAnalyses } from '../../src/adapters/release-analyses/index.generated.ts'
import { type ReleaseStrategy, releaseStrategy } from '../../src/serving/endpoint-spec.ts'
import { type Decision, judgeStage } from '../../src/serving/judge-stage.ts'
import { firstStage, nextStage, noMarks, type Release } from '../../src/serving/release.ts'
import {
  addTo,
  countFailure,
  countScores,
  noCounters,
  type RevisionCounters,
} from '../../src/serving/revision-counters.ts'
import { type Random, randomNormal, seededRandom } from '../../src/statistics/seeded-random.ts'

const strategy = releaseStrategy.parse({ shadow: 200, canary: [10, 50], samples: 200 })

function release(given: ReleaseStrategy, at: { stage: Release['stage']; percent: number }): Release {
  return {
    id: 1,
    project: 'p',
    endpointId: 1,
    revision: 2,
    baseline: 1,
    strategy: given,
    state: 'running',
    ...at,
    stageStartedAt: 0,
    marks: noMarks(),
    analyses: [],
    stages: [],
    reason: null,
    cause: null,
    startedAt: 0,
    finishedAt: null,
  }
}

interface Behaviour {
  errors?: number
  /** factor on the latency */
  slow?: number
  score?: (shared: number) => number
}

/** Lets a release run its whole way in steps of 20 predictions; returns how it ended and after how many looks. */
function run(
  random: Random,
  candidate: Behaviour,
  given = strategy,
): { ended: Decision['do'] | 'finished'; reason?: string; looks: number; path: string[] } {
  const counters = { candidate: noCounters(), baseline: noCounters() }
  let at = firstStage(given, 1)
  let now = release(given, at)
  const path = [`${at.stage} ${at.percent}`]
  const one = (into: RevisionCounters, role: 'live' | 'shadow', behaviour: Behaviour, shared: number) => {
    if (random() < (behaviour.errors ?? 0.002)) {
      countFailure(into[role], 1)
      return undefined
    }
    const score = (behaviour.score ?? ((x) => x))(shared)
    countScores(into[role], [score], 300 * Math.exp(0.6 * randomNormal(random)) * (behaviour.slow ?? 1), true)
    return score
  }
  for (let looks = 1; looks < 500; looks++) {
    for (let i = 0; i < 20; i++) {
      const shared = 1 / (1 + Math.exp(1 - randomNormal(random)))
      if (at.stage === 'shadow') {
        const present = one(counters.baseline, 'live', {}, shared)
        const own = one(counters.candidate, 'shadow', candidate, shared)
        if (present !== undefined && own !== undefined) addTo(counters.candidate.difference, own - present)
      } else if (random() * 100 < at.percent) one(counters.candidate, 'live', candidate, shared)
      else one(counters.baseline, 'live', {}, shared)
    }
    const decision = judgeStage(
      now,
      { ...structuredClone(counters), loss: undefined, ready: true, failure: null, now: looks },
      releaseAnalyses,
    )
    if (decision.do === 'roll back') return { ended: 'roll back', reason: decision.reason, looks, path }
    if (decision.do === 'wait') continue
    at = nextStage(given, at.stage, at.percent)
    path.push(`${at.stage} ${at.percent}`)
    if (at.stage === 'full') return { ended: 'finished', looks, path }
    now = {
      ...release(given, at),
      marks: { candidate: structuredClone(counters.candidate), baseline: noMarks().baseline },
    }
  }
  return { ended: 'wait', looks: 500, path }
}

describe('a release, looked at after every 20 predictions', () => {
  test('of a revision that is as good goes its whole way; false alarms are rare', () => {
    const results = Array.from({ length: 300 }, (_, seed) => run(seededRandom(seed), {}))
    const finished = results.filter((result) => result.ended === 'finished')
    expect(finished.length).toBeGreaterThanOrEqual(294)
    for (const { path } of finished) expect(path).toEqual(['shadow 0', 'canary 10', 'canary 50', 'full 100'])
  })

  test('of a retrained one whose scores moved a little goes its way too', () => {
    const results = Array.from({ length: 60 }, (_, seed) =>
      run(seededRandom(seed), { score: (x) => Math.min(1, x * 1.2 + 0.03) }),
    )
    expect(results.every((result) => result.ended === 'finished')).toBe(true)
  })

  test.each<[string, Behaviour, RegExp]>([
    ['fails a tenth of its calls', { errors: 0.1 }, /^errors: /],
    ['fails always', { errors: 1 }, /^errors: all of its/],
    ['is thirty times slower', { slow: 30 }, /^latency: /],
    ['says the same of every row', { score: () => 0.4 }, /^agreement: all its scores are 0.4/],
    ['gives no numbers', { score: () => Number.NaN }, /^agreement: .*no finite number/],
    [
      'has its classes the wrong way round',
      { score: (x) => 1 - x },
      /^agreement: it ranks rows the other way round|^agreement: its mean score/,
    ],
  ])('of one that %s is rolled back', (_what, behaviour, reason) => {
    for (let seed = 0; seed < 20; seed++) {
      const result = run(seededRandom(seed), behaviour)
      expect(result.ended).toBe('roll back')
      expect(result.reason).toMatch(reason)
      expect(result.path.length).toBeLessThanOrEqual(3)
    }
  })
})

describe('what is decided', () => {
  const facts = {
    candidate: noCounters(),
    baseline: noCounters(),
    loss: undefined,
    ready: true,
    failure: null,
    now: 10,
  }

  test('waits for predictions, for time, and not for ever', () => {
    const given = releaseStrategy.parse({ analyse: [], duration: 60_000, patience: '1h' })
    const now = release(given, { stage: 'shadow', percent: 0 })
    const enough = noCounters()
    countScores(enough.shadow, new Array(200).fill(0.5), 100, true)
    expect(judgeStage(now, facts, releaseAnalyses).do).toBe('wait')
    expect(judgeStage(now, { ...facts, candidate: enough }, releaseAnalyses).do).toBe('wait')
    expect(judgeStage(now, { ...facts, candidate: enough, now: 60_000 }, releaseAnalyses).do).toBe('advance')
    expect(judgeStage(now, { ...facts, now: 3_600_001 }, releaseAnalyses)).toMatchObject({
      do: 'roll back',
      reason: expect.stringContaining('0 of 200 predictions came'),
    })
  })

  test('goes by the truth where it has come', () => {
    const given = releaseStrategy.parse({ analyse: [{ kind: 'performance', required: true }], shadow: 1 })
    const now = release(given, { stage: 'shadow', percent: 0 })
    const one = noCounters()
    countScores(one.shadow, [0.5], 100, true)
    const judge = (rows: number, difference: number, standardError: number) =>
      judgeStage(
        now,
        { ...facts, candidate: one, loss: { metric: 'log_loss', rows, difference, standardError } },
        releaseAnalyses,
      ).do
    expect(judgeStage(now, { ...facts, candidate: one }, releaseAnalyses).do).toBe('wait')
    expect(judge(50, -0.2, 0.01)).toBe('wait')
    expect(judge(500, -0.05, 0.02)).toBe('advance')
    expect(judge(500, 0.02, 0.02)).toBe('advance')
    expect(judge(500, 0.2, 0.02)).toBe('roll back')
  })

  test('an unknown analysis never passes', () => {
    const now = release(releaseStrategy.parse({ analyse: ['tarot'], shadow: 1 }), { stage: 'shadow', percent: 0 })
    expect(judgeStage(now, { ...facts, now: 1 }, releaseAnalyses).do).toBe('wait')
  })

  test('stages rise to everybody whatever the canary is', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 100 }), { maxLength: 8 }),
        fc.boolean(),
        (shares, shadow) => {
          const given = releaseStrategy.parse({ canary: shares.sort((a, b) => a - b), shadow: shadow ? 10 : false })
          let at = firstStage(given, 1)
          let percent = -1
          for (let i = 0; i < 12 && at.stage !== 'full'; i++) {
            expect(at.percent).toBeGreaterThan(percent)
            percent = at.percent
            at = nextStage(given, at.stage, at.percent)
          }
          expect(at).toEqual({ stage: 'full', percent: 100 })
        },
      ),
    )
  })
})

describe('every analysis', () => {
  const evidence = fc.record({
    predictions: fc.nat(5000),
    errors: fc.nat(500),
    calls: fc.nat(500),
    failedCalls: fc.nat(50),
    latency: fc.dictionary(fc.integer({ min: 0, max: 120 }).map(String), fc.nat(1000)),
    bins: fc.array(fc.nat(300), { maxLength: 20 }),
    score: fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { maxLength: 30 }).map((values) => {
      const moments = { n: 0, sum: 0, sumSquares: 0 }
      for (const value of values) addTo(moments, value)
      return moments
    }),
  })

  test.each(releaseAnalyses.map((analysis) => [analysis.kind, analysis] as const))(
    '%s answers whatever was counted',
    (kind, analysis) => {
      expect(kind).toMatch(/^[a-z][a-z0-9_]*$/)
      expect(analysis.title.length * analysis.definition.length).toBeGreaterThan(0)
      const settings = analysis.settings.parse({})
      fc.assert(
        fc.property(
          evidence,
          evidence,
          fc.constantFrom('shadow' as const, 'canary' as const),
          (candidate, baseline, stage) => {
            const result = analysis.judge(
              { stage, candidate, baseline, difference: candidate.score, skipped: 0, loss: undefined },
              settings as never,
            )
            expect(['pass', 'wait', 'fail']).toContain(result.verdict)
            expect(result.reason).not.toMatch(/NaN|undefined|Infinity/)
            // evidence goes into the journal as JSON
            expect(JSON.parse(JSON.stringify(result.evidence))).toBeDefined()
          },
        ),
      )
      const none = {
        predictions: 0,
        errors: 0,
        calls: 0,
        failedCalls: 0,
        latency: {},
        bins: [],
        score: { n: 0, sum: 0, sumSquares: 0 },
      }
      const empty = analysis.judge(
        { stage: 'shadow', candidate: none, baseline: none, difference: none.score, skipped: 0, loss: undefined },
        settings as never,
      )
      expect(empty.verdict).not.toBe('fail')
    },
  )
})
