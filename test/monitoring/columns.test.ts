import { join } from 'node:path'
import { encode } from 'jpeg-js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RecordedPrediction } from '../../src/monitoring/encode-predictions.ts'
import { seededRandom } from '../../src/statistics/seeded-random.ts'
import { anyPrediction, day, openMonitoring } from './watch-flights.ts'

const start = Date.parse('2026-01-05T00:00:00Z')
const key = { project: 'p', endpoint: 'tickets' }
const random = seededRandom(7)
const ordinary = 'the parcel arrived late again and nobody at the desk could tell me why so please call me back'.split(
  ' ',
)
const strange = 'mein Paket kam beschädigt an bitte erstatten Sie den Betrag auf meine Karte zurück danke sehr'.split(
  ' ',
)
const dimension = 16

/** A comment of a number of words that differs from day to day as from row to row. */
const comment = (words: readonly string[], least: number) =>
  Array.from({ length: least + Math.floor(random() * 12) }, () => words[Math.floor(random() * words.length)]).join(' ')
const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
const vector = (shift: number) => Array.from({ length: dimension }, (_, i) => 1 + normal() + (i === 3 ? shift : 0))

const rowsOf = (from: number, days: number, words: readonly string[], least: number, shift: number, perDay = 120) =>
  Array.from(
    { length: days * perDay },
    (_, i): RecordedPrediction => ({
      ...anyPrediction(`t${from}-${i}`, start + from * day + Math.floor((i * 6) / perDay) * (day / 6), 0),
      features: { channel: i % 3 === 0 ? 'web' : 'app', comment: comment(words, least), embedding: vector(shift) },
    }),
  )

interface Score {
  feature: string
  end: number
  state: string
  value: number | null
}

describe('columns of texts and vectors', () => {
  let stand: Awaited<ReturnType<typeof openMonitoring>>
  const drift = () =>
    stand.environment.events.query<Score>(
      `SELECT feature, (toUnixTimestamp(window_end) * 1000 - ${start}) / ${day} AS end, state, value FROM scores FINAL
       WHERE endpoint = 'tickets' AND monitor = 'drift.distance' ORDER BY end, feature`,
    )
  beforeAll(async () => {
    stand = await openMonitoring()
  })
  afterAll(() => stand.close())

  test('are watched by their aspects from the first rows on, without a reference, and not by their values', async () => {
    const { monitoring, environment } = stand
    await monitoring.configure({ actor: 'user/test' }, key, { window_days: 2, min_rows: 50 })
    // few rows first: what they are is not known yet
    await monitoring.ingest.predictions(key, rowsOf(0, 1, ordinary, 8, 0, 10))
    await monitoring.settled(key)
    for (const at of [1, 16]) {
      await monitoring.ingest.predictions(key, rowsOf(at, 15, ordinary, 8, 0))
      await monitoring.settled(key)
    }
    const profiled = await environment.events.query<{ feature: string; rows: number; categories: number }>(
      `SELECT feature, sum(count) AS rows, max(length(categories)) AS categories FROM profiles FINAL
       WHERE scope = 'endpoint/tickets' AND NOT startsWith(feature, '$') AND count > 0 GROUP BY feature ORDER BY feature`,
    )
    const rows = 10 + 30 * 120
    expect(profiled.map(({ feature }) => feature)).toEqual([
      'channel',
      'comment · length',
      'comment · unknown words',
      'comment · vocabulary',
      'comment · words',
      'embedding · distance',
      'embedding · mean',
      'embedding · norm',
    ])
    for (const { feature, rows: found } of profiled)
      if (feature !== 'comment · vocabulary') expect([feature, found]).toEqual([feature, rows])
    expect((await drift()).filter(({ state }) => state === 'violation')).toEqual([])
    // the rows behind a bar
    const long = await monitoring.predictions(key, { feature: 'comment · words', above: 17, limit: 5 })
    expect(long).toHaveLength(5)
    for (const { features } of long) expect(String(features.comment).split(' ').length).toBeGreaterThan(17)
    const said = await monitoring.predictions(key, { feature: 'comment · vocabulary', category: 'parcel', limit: 5 })
    for (const { features } of said) expect(features.comment).toContain('parcel')
    expect(await monitoring.predictions(key, { feature: 'comment · length', missing: true })).toEqual([])
  })

  test('raise alarms when texts get shorter or another language, and when vectors move', async () => {
    const { monitoring } = stand
    await monitoring.ingest.predictions(key, [
      ...rowsOf(32, 3, strange, 8, 0),
      ...rowsOf(35, 3, ordinary, 1, 0),
      ...rowsOf(38, 3, ordinary, 8, 1),
      ...rowsOf(41, 1, ordinary, 8, 0),
    ])
    await monitoring.settled(key)
    const scores = await drift()
    const alarmed = (end: number) =>
      scores.filter((score) => score.end === end && score.state === 'violation').map(({ feature }) => feature)
    expect(alarmed(34)).toEqual(expect.arrayContaining(['comment · unknown words', 'comment · vocabulary']))
    expect(alarmed(34)).not.toContain('embedding · mean')
    expect(alarmed(37)).toEqual(expect.arrayContaining(['comment · length', 'comment · words']))
    expect(alarmed(40)).toContain('embedding · mean')
    expect(alarmed(40)).not.toContain('comment · length')
  })

  test('of images are measured as they come, and the images themselves are not kept', async () => {
    const { monitoring, environment } = stand
    const pictured = { project: 'p', endpoint: 'pictures' }
    const picture = (light: number) => {
      const data = Buffer.alloc(8 * 8 * 4, Math.max(0, Math.min(255, light + 20 * normal())))
      return encode({ width: 8, height: 8, data }, 80).data.toString('base64')
    }
    await monitoring.configure({ actor: 'user/test' }, pictured, { window_days: 2, min_rows: 50 })
    const [noon, dusk] = [128, 60].map((light) => Array.from({ length: 12 }, () => picture(light)))
    const shots = (from: number, days: number, pictures: readonly string[]) =>
      Array.from({ length: days * 40 }, (_, i) => ({
        ...anyPrediction(`s${from}-${i}`, start + from * day + Math.floor(i / 10) * (day / 4), 0),
        features: { picture: `${i % 2 === 0 ? '' : 'data:image/jpeg;base64,'}${pictures[Math.floor(random() * 12)]}` },
      }))
    await monitoring.ingest.predictions(pictured, [...shots(0, 14, noon!), ...shots(14, 4, dusk!)])
    await monitoring.settled(pictured)
    const [raw] = await environment.events.query<{ texts: Record<string, string>; numbers: Record<string, number> }>(
      `SELECT texts, numbers FROM predictions WHERE endpoint = 'pictures' LIMIT 1`,
    )
    expect(raw!.texts.picture).toMatch(/^image\/jpeg 8×8 [\w-]{16}$/)
    expect(raw!.numbers).toMatchObject({ 'picture · width': 8, 'picture · height': 8 })
    const alarmed = await environment.events.query<{ feature: string }>(
      `SELECT DISTINCT feature FROM scores FINAL WHERE endpoint = 'pictures' AND state = 'violation' AND monitor = 'drift.distance'`,
    )
    expect(alarmed.map(({ feature }) => feature)).toContain('picture · brightness')
    expect(alarmed.map(({ feature }) => feature)).not.toContain('picture')
  })

  test('of a training reference are measured as if each of its rows had not been learnt from', async () => {
    const { environment, directory, monitoring, revisions } = stand
    const path = join(directory, 'texts.parquet')
    const reference = rowsOf(0, 28, ordinary, 8, 0).map(({ features, time }) => ({ ...features, time }))
    await environment.events.command(
      `CREATE TABLE given (comment String, embedding Array(Float32), channel String, time Int64) ENGINE = Memory`,
    )
    await environment.events.insert('given', reference)
    await environment.events.command(
      `INSERT INTO FUNCTION file({path:String}, 'Parquet') SELECT comment, embedding, channel, time, 0.5 AS score FROM given`,
      { path },
    )
    const { digest } = await environment.blobs.putFile(path)
    revisions.push({ revision: 1, model: 'm', version: 1, reference: digest })
    const trained = { project: 'p', endpoint: 'trained' }
    await monitoring.configure({ actor: 'user/test' }, trained, { window_days: 2, min_rows: 50 })
    await monitoring.ingest.predictions(trained, rowsOf(60, 4, ordinary, 8, 0))
    await monitoring.ingest.predictions(trained, rowsOf(64, 3, strange, 8, 1))
    await monitoring.settled(trained)
    const scores = await environment.events.query<Score>(
      `SELECT feature, (toUnixTimestamp(window_end) * 1000 - ${start}) / ${day} AS end, state, value FROM scores FINAL
       WHERE endpoint = 'trained' AND (state = 'violation' OR monitor = 'drift.distance') ORDER BY end, feature`,
    )
    const alarmed = (end: number) =>
      scores.filter((score) => score.end === end && score.state === 'violation').map(({ feature }) => feature)
    expect(alarmed(62)).toEqual([])
    expect(alarmed(66)).toEqual(expect.arrayContaining(['comment · unknown words', 'embedding · mean']))
    const view = await monitoring.views.distribution(trained, 'embedding · mean', {
      spec: { kind: 'rolling', length: 2 * day, step: day },
      against: { kind: 'training' },
    })
    expect(view.reference?.mean).toBeGreaterThan(0)
  })
})
