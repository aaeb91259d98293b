import type { Selectable } from 'kysely'
import type { Channel } from '../contracts/channel.ts'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'
import { partName } from '../pipelines/pipeline-spec.ts'
import { fromJson, toJson } from '../storage/sql/json-column.ts'
import type { AutomationTables } from '../storage/sql/tables/automation.ts'
import { type ChannelSpec, channelSpec } from './channel-spec.ts'

export interface DeclaredChannel {
  project: string
  name: string
  kind: string
  spec: ChannelSpec
  createdAt: number
  updatedAt: number
}

/** A channel as its row says it. */
export const toChannel = (row: Selectable<AutomationTables['channels']>): DeclaredChannel => ({
  project: row.project,
  name: row.name,
  kind: row.kind,
  spec: fromJson(row.spec),
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})

/** The channel of this name as the change sees it. Errors: `not_found`. */
export async function findChannel(db: Change['db'], project: string, name: string): Promise<DeclaredChannel> {
  const row = await db
    .selectFrom('channels')
    .selectAll()
    .where('project', '=', project)
    .where('name', '=', name)
    .executeTakeFirst()
  if (!row) throw new KedgeError('not_found', { kind: 'Channel', name })
  return toChannel(row)
}

/** Channels as they are declared. */
export function createChannels({ store, journal }: Pick<Environment, 'store' | 'journal'>, kinds: readonly Channel[]) {
  const schema = channelSpec(kinds)

  return {
    /** Declares or changes a channel; the same again changes nothing. */
    async put(context: ChangeContext, project: string, name: string, input: unknown): Promise<DeclaredChannel> {
      const parsed = schema.safeParse(input)
      const places = parsed.success
        ? []
        : parsed.error.issues.map((issue) => ({ where: issue.path.join('.'), what: issue.message }))
      if (!partName.safeParse(name).success)
        places.push({ where: 'name', what: `"${name}" is not a name for a channel` })
      if (!parsed.success || places.length > 0)
        throw new KedgeError(
          'invalid_input',
          {
            what: `The channel ${name} is not valid: ${places.map((place) => `${place.where}: ${place.what}`).join('; ')}`,
          },
          { places },
        )
      const spec = parsed.data
      return journal.change(context, async (change) => {
        await change.lock(`channel/${project}/${name}`)
        const before = await change.db
          .selectFrom('channels')
          .selectAll()
          .where('project', '=', project)
          .where('name', '=', name)
          .executeTakeFirst()
        if (before?.spec === toJson(spec)) return toChannel(before)
        const fields = { kind: spec.kind, spec: toJson(spec), updated_at: change.now }
        const row = await change.db
          .insertInto('channels')
          .values({ project, name, ...fields, created_at: change.now })
          .onConflict((c) => c.columns(['project', 'name']).doUpdateSet(fields))
          .returningAll()
          .executeTakeFirstOrThrow()
        // its settings may hold an address that is a secret
        change.append({
          type: 'channel.declared',
          project,
          subject: `channel/${name}`,
          data: { channel: name, kind: spec.kind, on: spec.on },
        })
        return toChannel(row)
      })
    },
    get: (project: string, name: string): Promise<DeclaredChannel> => findChannel(store.read, project, name),
    async list(project: string): Promise<DeclaredChannel[]> {
      const rows = await store.read
        .selectFrom('channels')
        .selectAll()
        .where('project', '=', project)
        .orderBy('name')
        .execute()
      return rows.map(toChannel)
    },
    remove: (context: ChangeContext, project: string, name: string): Promise<void> =>
      journal.change(context, async (change) => {
        const done = await change.db
          .deleteFrom('channels')
          .where('project', '=', project)
          .where('name', '=', name)
          .executeTakeFirst()
        if (done.numDeletedRows === 0n) throw new KedgeError('not_found', { kind: 'Channel', name })
        change.append({ type: 'channel.removed', project, subject: `channel/${name}`, data: { channel: name } })
      }),
  }
}
