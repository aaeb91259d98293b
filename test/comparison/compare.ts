import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetWriteFile } from 'hyparquet-writer'
import { driftMetrics } from '../../src/adapters/drift-metrics/index.generated.ts'
import { monitors } from '../../src/adapters/monitors/index.generated.ts'
import { compareTables } from '../../src/comparison/compare-tables.ts'
import { openEngineReader } from '../../src/comparison/engine-reader.ts'
import type { TablesRequest } from '../../src/comparison/tables-request.ts'
import { seededRandom } from '../../src/statistics/seeded-random.ts'

export type Columns = Record<string, readonly unknown[]>

/** A folder for tables, and comparisons of what is in it. */
export function comparisonStand() {
  const folder = mkdtempSync(join(tmpdir(), 'kedge-comparison-'))
  let files = 0
  const path = (ending: string) => join(folder, `t${files++}.${ending}`)
  return {
    folder,
    text(content: string | Uint8Array, ending: string): string {
      const file = path(ending)
      writeFileSync(file, content)
      return file
    },
    parquet(columns: Columns): string {
      const file = path('parquet')
      parquetWriteFile({
        filename: file,
        columnData: Object.entries(columns).map(([name, data]) => ({
          name,
          data: [...data],
          nullable: true,
          ...typeOf(data),
        })) as never,
      })
      return file
    },
    compare: (reference: string, current: string, request: Partial<TablesRequest> = {}) =>
      compareTables(
        { threshold: 0.5, smallest: 0, monitors: {}, memory: 2 ** 31, ...request, reference, current },
        { kinds: monitors, metrics: driftMetrics },
        () => 1_000_000_000_000,
        () => openEngineReader(2 ** 31),
      ),
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function typeOf(data: readonly unknown[]) {
  const first = data.find((x) => x !== null && x !== undefined)
  if (first === undefined || typeof first === 'number') return { type: 'DOUBLE' }
  if (typeof first === 'boolean') return { type: 'BOOLEAN' }
  if (first instanceof Date) return { type: 'TIMESTAMP' }
  return { type: 'STRING' }
}

/** Normal values, the same for a seed. */
export function normals(n: number, seed: number, mean = 0, deviation = 1): number[] {
  const random = seededRandom(seed)
  return Array.from({ length: n }, () => {
    const [u, v] = [1 - random(), random()]
    return mean + deviation * Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v)
  })
}

/** Draws of some values, the same for a seed. */
export function draws<T>(n: number, seed: number, values: readonly T[]): T[] {
  const random = seededRandom(seed)
  return Array.from({ length: n }, () => values[Math.floor(random() * values.length)]!)
}
