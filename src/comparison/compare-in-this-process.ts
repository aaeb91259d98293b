// Composes a comparison without the engine, in the process that asks: it starts nothing, and holds a column at a time.
import { driftMetrics } from '../adapters/drift-metrics/index.generated.ts'
import { monitors } from '../adapters/monitors/index.generated.ts'
import { KedgeError } from '../errors.ts'
import { compareTables } from './compare-tables.ts'
import type { Comparison } from './comparison.ts'
import { openPlainReader } from './plain/plain-reader.ts'
import type { TablesRequest } from './tables-request.ts'

/**
 * Compares two Parquet files of plain columns in this process; undefined where the engine is needed, because of what is in
 * them or of what is asked. Whatever is wrong with a file the engine tells. Errors: those of a wrong request.
 */
export async function compareInThisProcess(request: TablesRequest): Promise<Comparison | undefined> {
  const { columns, target, prediction, score, groups = [] } = request
  const classes = target !== undefined && prediction !== undefined && score === undefined
  if (groups.length > 0 || classes) return undefined
  const roles = [target, prediction, score].filter((name) => name !== undefined)
  const wanted = columns && new Set([...columns, ...roles])
  try {
    return await compareTables(request, { kinds: monitors, metrics: driftMetrics }, Date.now, async () =>
      openPlainReader(wanted),
    )
  } catch (error) {
    if (error instanceof KedgeError && REQUEST.has(error.code)) throw error
    return undefined
  }
}

const REQUEST = new Set(['column_unknown', 'invalid_input', 'table_unreadable', 'too_large'])
