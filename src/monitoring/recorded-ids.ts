import type { Environment } from '../environment.ts'
import { specOf } from '../serving/endpoint-rows.ts'
import type { Pseudonyms } from '../serving/inference/pseudonyms.ts'
import type { EndpointKey } from './stale.ts'

/** The id under which a prediction stands on record, of the one that its caller knows. */
export type RecordedId = (id: string) => string

const asItIs: RecordedId = (id) => id

/** What stands on record of a feature's value, of the value that callers know. */
export type RecordedValue = (feature: string, value: string | number) => string | number

const isPseudonym = (text: string) => /^hash:[\w-]{22}(\/\d+)?$/.test(text)

/** Of features that are masked the pseudonyms; what is one already stays. */
export function createRecordedValues({ store }: Pick<Environment, 'store'>, pseudonyms?: Pseudonyms) {
  return async ({ project, endpoint }: EndpointKey): Promise<RecordedValue> => {
    const row = await store.read
      .selectFrom('endpoints')
      .select('spec')
      .where('project', '=', project)
      .where('name', '=', endpoint)
      .executeTakeFirst()
    const personal = row ? specOf(row).record.personal : {}
    return (feature, value) =>
      pseudonyms && Object.hasOwn(personal, feature) && !isPseudonym(String(value)) ? pseudonyms(project)(value) : value
  }
}

/** Of an endpoint whose ids are personal the pseudonyms; what is one already stays. */
export function createRecordedIds({ store }: Pick<Environment, 'store'>, pseudonyms?: Pseudonyms) {
  return async ({ project, endpoint }: EndpointKey): Promise<RecordedId> => {
    if (!pseudonyms) return asItIs
    const row = await store.read
      .selectFrom('endpoints')
      .select('spec')
      .where('project', '=', project)
      .where('name', '=', endpoint)
      .executeTakeFirst()
    // of models served elsewhere nothing is masked here
    if (!row || !Object.hasOwn(specOf(row).record.personal, '$id')) return asItIs
    const pseudonym = pseudonyms(project)
    return (id) => (isPseudonym(id) ? id : pseudonym(id))
  }
}
