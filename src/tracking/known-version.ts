import type { Kysely } from 'kysely'
import type { Database } from '../storage/sql/schema.ts'
import type { RunDataset } from './run.ts'

const address = /\/api\/v1\/projects\/([^/"?]+)\/datasets\/([^/"?]+)\/versions\/([^/"?]+)/
/** a shorter one may be another's, as MLflow's own digests are */
const shortest = 32

/**
 * The dataset version that a run's input is: its source is the version's address on this server (whatever the program read
 * there), or its digest begins the version's. Undefined when it is none of the project.
 */
export async function knownVersion(
  db: Kysely<Database>,
  project: string,
  { source, digest }: Pick<RunDataset, 'source' | 'digest'>,
): Promise<{ dataset: string; version: number } | undefined> {
  const of = db.selectFrom('dataset_versions').select(['dataset', 'version']).where('project', '=', project)
  const [, named, dataset, version] = address.exec(source) ?? []
  if (dataset !== undefined && decodeURIComponent(named!) === project) {
    const name = decodeURIComponent(dataset)
    const versions = of.where('dataset', '=', name)
    if (/^\d+$/.test(version!)) return versions.where('version', '=', Number(version)).executeTakeFirst()
    if (version === 'latest')
      return versions.where('state', '=', 'published').orderBy('version', 'desc').limit(1).executeTakeFirst()
    return db
      .selectFrom('dataset_tags')
      .select(['dataset', 'version'])
      .where('project', '=', project)
      .where('dataset', '=', name)
      .where('tag', '=', decodeURIComponent(version!))
      .executeTakeFirst()
  }
  if (!/^[0-9a-f]+$/.test(digest) || digest.length < shortest) return undefined
  return of
    .where('digest', '>=', digest)
    .where('digest', '<', `${digest}g`)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst()
}
