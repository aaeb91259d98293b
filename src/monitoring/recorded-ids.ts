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

/** The personal columns of an endpoint; undefined of one whose model is served elsewhere, where nothing is masked here. */
async function personalOf(store: Environment['store'], { project, endpoint }: EndpointKey) {
  const row = await store.read
    .selectFrom('endpoints')
    .select('spec')
    .where('project', '=', project)
    .where('name', '=', endpoint)
    .executeTakeFirst()
  return row && specOf(row).record.personal
}

/** Of features that are masked the pseudonyms; what is one already stays. */
export function createRecordedValues({ store }: Pick<Environment, 'store'>, pseudonyms?: Pseudonyms) {
  return async (key: EndpointKey): Promise<RecordedValue> => {
    const personal = (await personalOf(store, key)) ?? {}
    return (feature, value) =>
      pseudonyms && Object.hasOwn(personal, feature) && !isPseudonym(String(value))
        ? pseudonyms(key.project)(value)
        : value
  }
}

/** Of an endpoint whose ids are personal the pseudonyms; what is one already stays. */
export function createRecordedIds({ store }: Pick<Environment, 'store'>, pseudonyms?: Pseudonyms) {
  return async (key: EndpointKey): Promise<RecordedId> => {
    if (!pseudonyms) return asItIs
    if (!Object.hasOwn((await personalOf(store, key)) ?? {}, '$id')) return asItIs
    const pseudonym = pseudonyms(key.project)
    return (id) => (isPseudonym(id) ? id : pseudonym(id))
  }
}
