import type { Environment } from '../environment.ts'
import { readRawFrom } from './retention.ts'
import type { EndpointKey } from './stale.ts'

/** Hours of an endpoint that have profiles and whose raw rows are there, so that they can be computed anew. */
export async function profiledHours(
  { store, events }: Pick<Environment, 'store' | 'events'>,
  key: EndpointKey,
): Promise<number[]> {
  const from = (await readRawFrom(store, key)) ?? 0
  const rows = await events.query<{ bucket: number }>(
    `SELECT DISTINCT toUnixTimestamp(bucket) * 1000 AS bucket FROM profiles
     WHERE project = {project:String} AND scope = {scope:String} AND feature = '$rows' AND bucket >= toDateTime({from:UInt32}, 'UTC')`,
    { project: key.project, scope: `endpoint/${key.endpoint}`, from: Math.ceil(from / 1000) },
  )
  return rows.map(({ bucket }) => bucket)
}
