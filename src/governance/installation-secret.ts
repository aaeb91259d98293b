import type { Environment } from '../environment.ts'
import { openSealed, seal } from './seal.ts'

/** The project of what belongs to no project. */
const NOBODYS = ''

/**
 * A secret of the whole installation, made once and kept sealed: whatever keys its processes share later, it stays. Of several
 * processes that start at once one makes it. Errors: `conflict` when it was sealed with another key.
 */
export async function installationSecret(
  { store, journal }: Pick<Environment, 'store' | 'journal'>,
  key: Buffer,
  name: string,
  make: () => Promise<string>,
): Promise<string> {
  const find = () =>
    store.read
      .selectFrom('secrets')
      .select('sealed')
      .where('project', '=', NOBODYS)
      .where('name', '=', name)
      .executeTakeFirst()
  const kept = await find()
  if (kept) return openSealed(key, NOBODYS, name, kept.sealed)
  const sealed = seal(key, NOBODYS, name, await make())
  await journal.change({ actor: 'system' }, async (change) => {
    const made = await change.db
      .insertInto('secrets')
      .values({ project: NOBODYS, name, sealed, updated_at: change.now })
      .onConflict((c) => c.columns(['project', 'name']).doNothing())
      .executeTakeFirst()
    if (made.numInsertedOrUpdatedRows !== 0n)
      change.append({ type: 'secret.stored', project: NOBODYS, subject: `secret/${name}`, data: { name } })
  })
  return openSealed(key, NOBODYS, name, (await find())!.sealed)
}
