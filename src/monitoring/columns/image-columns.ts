import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { type RecordedColumns, type RecordedTexts, textAt } from '../../serving/recorded-rows.ts'
import { aspectName } from '../../statistics/column-aspect.ts'
import type { RecordedPrediction } from '../encode-predictions.ts'
import { type ImageMeasures, measureImage } from './measure-image.ts'

/** Base64 of a PNG, a JPEG or a GIF, alone or in a data URL. */
const IMAGE = /^(?:data:image\/[a-z]+;base64,)?(?=iVBORw0KGgo|\/9j\/|R0lGOD)/
const SHORTEST = 40
/** Milliseconds of work after which others have their turn. */
const TURN = 15

/** What stands on record for an image: what it is and a digest that tells it from others, not its content. */
interface Measured {
  text: string
  measures: Partial<Record<'width' | 'height' | 'bytes' | 'brightness' | 'contrast', number>>
}

const looksLikeImage = (text: string) => text.length >= SHORTEST && IMAGE.test(text)

function measured(text: string): Measured | undefined {
  if (!looksLikeImage(text)) return undefined
  const bytes = Buffer.from(text.slice(IMAGE.exec(text)![0].length), 'base64')
  const found = measureImage(bytes)
  if (!found) return undefined
  const { format, ...measures }: ImageMeasures = found
  const digest = createHash('sha256').update(bytes).digest('base64url').slice(0, 16)
  return { text: `image/${format} ${found.width}×${found.height} ${digest}`, measures }
}

function turns() {
  let since = performance.now()
  return async () => {
    if (performance.now() - since < TURN) return
    await setImmediate()
    since = performance.now()
  }
}

/** The rows with each image replaced by what can be said of it; those without images are given back as they are. */
export async function measureImages(rows: readonly RecordedPrediction[]): Promise<readonly RecordedPrediction[]> {
  const pause = turns()
  let out: RecordedPrediction[] | undefined
  for (const [i, row] of rows.entries()) {
    for (const name in row.features) {
      const value = row.features[name]
      const found = typeof value === 'string' ? measured(value) : undefined
      if (!found) continue
      out ??= [...rows]
      const features: Record<string, RecordedPrediction['features'][string]> = {
        ...out[i]!.features,
        [name]: found.text,
      }
      for (const [aspect, x] of Object.entries(found.measures)) features[aspectName(name, aspect)] = x
      out[i] = { ...row, features }
      await pause()
    }
  }
  return out ?? rows
}

/** The same of what inference processes have recorded. */
export async function measureImageColumns(records: readonly RecordedColumns[]): Promise<readonly RecordedColumns[]> {
  const pause = turns()
  const out: RecordedColumns[] = []
  for (const record of records) {
    let changed = record
    for (const [i, column] of record.features.entries())
      if (!(column instanceof Float64Array) && holdsImages(column, record.count))
        changed = await measuredColumn(changed, i, column, pause)
    out.push(changed)
  }
  return out
}

function holdsImages(column: RecordedTexts, count: number): boolean {
  for (let row = 0; row < count; row++) {
    const length = column.ends[row + 1]! - column.ends[row]!
    if (length === 0) continue
    return length >= SHORTEST && IMAGE.test(column.bytes.toString('latin1', column.ends[row], column.ends[row]! + 64))
  }
  return false
}

async function measuredColumn(
  record: RecordedColumns,
  at: number,
  column: RecordedTexts,
  pause: () => Promise<void>,
): Promise<RecordedColumns> {
  const { count, origin } = record
  const name = origin.features[at]![0]
  const texts: string[] = []
  const numbers = new Map<string, Float64Array>()
  for (let row = 0; row < count; row++) {
    const text = textAt(column, row)
    const found = measured(text)
    texts.push(found?.text ?? text)
    for (const [aspect, x] of Object.entries(found?.measures ?? {})) {
      let values = numbers.get(aspect)
      if (!values) {
        values = new Float64Array(count).fill(Number.NaN)
        numbers.set(aspect, values)
      }
      values[row] = x
    }
    await pause()
  }
  return {
    ...record,
    origin: {
      ...origin,
      features: [
        ...origin.features,
        ...[...numbers.keys()].map((aspect): [string, 1] => [aspectName(name, aspect), 1]),
      ],
    },
    features: [...record.features.with(at, textsOf(texts)), ...numbers.values()],
  }
}

function textsOf(texts: readonly string[]): RecordedTexts {
  const parts = texts.map((text) => Buffer.from(text))
  const ends = new Uint32Array(texts.length + 1)
  parts.forEach((part, i) => {
    ends[i + 1] = ends[i]! + part.length
  })
  return { bytes: Buffer.concat(parts), ends }
}
