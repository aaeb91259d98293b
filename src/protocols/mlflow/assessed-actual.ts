import type { LoggedModels } from '../../monitoring/logged-models.ts'
import type { Assessment } from '../../tracking/traces/trace.ts'
import type { Tracking } from '../../tracking/tracking.ts'

export type TakeActuals = LoggedModels['actuals']

/** The assessment that says what really happened. */
const name = 'actual'
/** Tags of a trace that say which prediction it is of; the trace's own id where the second is missing. */
const tags = { endpoint: 'kedge.endpoint', prediction: 'kedge.prediction_id' }

/**
 * An expectation or feedback called `actual`, on a trace that names an endpoint, is the actual of its prediction. It joins before
 * the assessment is answered, so that whoever sends it again after a fault has it joined as well.
 */
export async function joinAssessed(
  { traces }: Tracking,
  takeActuals: TakeActuals,
  project: string,
  assessment: Pick<Assessment, 'traceId' | 'name' | 'value'>,
): Promise<void> {
  if (assessment.name !== name || assessment.value === null || typeof assessment.value === 'object') return
  const info = await traces.info(project, assessment.traceId)
  const endpoint = info.tags[tags.endpoint]
  if (endpoint === undefined) return
  await takeActuals({ project, endpoint }, [{ id: info.tags[tags.prediction] ?? info.id, value: assessment.value }])
}
