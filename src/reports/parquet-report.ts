import { parquetWriteBuffer } from 'hyparquet-writer'
import type { Comparison } from '../comparison/comparison.ts'

/** A comparison's scores as a table, a row a score: for whoever collects them over time. */
export function parquetReport({ scores, madeAt, reference, current }: Comparison): Uint8Array {
  const text = (name: string, of: (score: Comparison['scores'][number]) => string) => ({
    name,
    type: 'STRING' as const,
    nullable: false,
    data: scores.map(of),
  })
  const number = (name: string, of: (score: Comparison['scores'][number]) => number | null) => ({
    name,
    type: 'DOUBLE' as const,
    nullable: true,
    data: scores.map(of),
  })
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: 'made_at', type: 'TIMESTAMP', nullable: false, data: scores.map(() => new Date(madeAt)) },
        text('reference', () => reference.label),
        text('current', () => current.label),
        text('monitor', (score) => score.monitor),
        text('column', (score) => score.feature),
        text('segment', (score) => score.segment),
        text('state', (score) => score.state),
        number('value', (score) => score.value),
        number('low', (score) => score.low),
        number('high', (score) => score.high),
        number('threshold_low', (score) => score.thresholdLow),
        number('threshold_high', (score) => score.thresholdHigh),
        number('p', (score) => score.p),
        number('rows', (score) => score.samples),
        text('definition', (score) => JSON.stringify(score.definition)),
      ],
    }),
  )
}
