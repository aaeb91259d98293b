// A process of its own: the engine reads files that nobody has looked at yet, and goes with them.
import { driftMetrics } from '../adapters/drift-metrics/index.generated.ts'
import { monitors } from '../adapters/monitors/index.generated.ts'
import { asKedgeError } from '../errors.ts'
import { compareTables } from './compare-tables.ts'
import { openEngineReader } from './engine-reader.ts'
import type { CompareAnswer } from './run-comparison.ts'
import type { TablesRequest } from './tables-request.ts'

process.once('message', async (request: TablesRequest) => {
  let answer: CompareAnswer
  try {
    const comparison = await compareTables(request, { kinds: monitors, metrics: driftMetrics }, Date.now, () =>
      openEngineReader(request.memory),
    )
    answer = { comparison }
  } catch (thrown) {
    const error = asKedgeError(thrown)
    if (error.class === 'internal') console.error(thrown)
    answer = { error: { code: error.code, details: error.details } }
  }
  process.send!(answer, () => process.exit(0))
})
process.once('disconnect', () => process.exit(1))
// a terminal's interrupt reaches the whole process group; the parent decides
process.on('SIGINT', () => {})
