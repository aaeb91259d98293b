import { randomUUID } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { Environment } from '../../environment.ts'
import { KedgeError } from '../../errors.ts'
import type { Change, ChangeContext } from '../../journal/journal.ts'
import { fromJson } from '../../storage/sql/json-column.ts'
import type { QueueType, ReviewStatus, ReviewTables } from '../../storage/sql/tables/review.ts'
import type { Experiments } from '../experiments.ts'
import { checkLength, checkMaxResults, limits } from '../limits.ts'
import { decodePage, nextPage } from '../page-token.ts'

export type ReviewQueue = Omit<Selectable<ReviewTables['review_queues']>, 'users' | 'schemas'> & {
  users: string[]
  /** ids of label schemas; a user's queue has all of its experiment */
  schemas: string[]
}
export type ReviewItem = Selectable<ReviewTables['review_items']>

interface Page {
  maxResults?: number | undefined
  pageToken?: string | undefined
}

/** Queues of traces that people review: one of each user, and any others. */
export function createReviewQueues(
  { store, journal }: Pick<Environment, 'store' | 'journal'>,
  experiments: Experiments,
) {
  const toQueue = (row: Selectable<ReviewTables['review_queues']>): ReviewQueue => ({
    ...row,
    users: fromJson(row.users),
    schemas: fromJson(row.schemas),
  })

  async function find(db: Change['db'], project: string, id: string): Promise<ReviewQueue> {
    const row = await db
      .selectFrom('review_queues')
      .selectAll()
      .where('id', '=', id)
      .where('project', '=', project)
      .executeTakeFirst()
    if (!row) throw new KedgeError('not_found', { kind: 'Review queue with id', name: `'${id}'` })
    return toQueue(row)
  }

  const named = async (db: Change['db'], project: string, experiment: string, name: string) =>
    db
      .selectFrom('review_queues')
      .selectAll()
      .where('project', '=', project)
      .where('experiment', '=', experiment)
      .where('name_key', '=', name.toLowerCase())
      .executeTakeFirst()

  async function checkSchemas(change: Change, project: string, experiment: string, ids: readonly string[]) {
    if (ids.length === 0) return
    const rows = await change.db
      .selectFrom('label_schemas')
      .select('id')
      .where('project', '=', project)
      .where('experiment', '=', experiment)
      .where('id', 'in', ids)
      .execute()
    const there = new Set(rows.map((row) => row.id))
    const missing = ids.filter((id) => !there.has(id))
    if (missing.length > 0)
      throw invalid(`Label schema id(s) ${missing.join(', ')} not found for experiment '${experiment}'.`)
  }

  const say = (change: Change, type: `review_queue.${'created' | 'changed' | 'deleted'}`, queue: ReviewQueue) =>
    change.append({
      type,
      project: queue.project,
      subject: `review_queue/${queue.id}`,
      data: { queue: queue.id, name: queue.name },
    })
  const taken = (name: string) =>
    new KedgeError('already_exists', { kind: 'Review queue with name', name: `'${name}'` })

  const queues = {
    get: (project: string, id: string): Promise<ReviewQueue> => find(store.read, project, id),

    async byName(project: string, experiment: string, name: string): Promise<ReviewQueue> {
      await experiments.get(project, experiment)
      const row = await named(store.read, project, experiment, name)
      if (!row) throw new KedgeError('not_found', { kind: 'Review queue with name', name: `'${name}'` })
      return toQueue(row)
    },

    /** Errors: `already_exists`, `invalid_input`, `not_found`. */
    async create(
      context: ChangeContext,
      project: string,
      experiment: string,
      given: { name: string; type: QueueType; users?: readonly string[]; schemas?: readonly string[] },
    ): Promise<ReviewQueue> {
      const queue = checkQueue(given)
      await experiments.get(project, experiment)
      return journal.change(context, async (change) => {
        await checkSchemas(change, project, experiment, queue.schemas)
        const row = await change.db
          .insertInto('review_queues')
          .values({
            id: `rq-${randomUUID().replaceAll('-', '')}`,
            project,
            experiment,
            name: queue.name,
            name_key: queue.name.toLowerCase(),
            type: queue.type,
            created_by: change.context.actor,
            users: JSON.stringify(queue.users),
            schemas: JSON.stringify(queue.schemas),
            created_at: change.now,
            updated_at: change.now,
          })
          .onConflict((c) => c.columns(['project', 'experiment', 'name_key']).doNothing())
          .returningAll()
          .executeTakeFirst()
        if (!row) throw taken(queue.name)
        say(change, 'review_queue.created', toQueue(row))
        return toQueue(row)
      })
    },

    /** The queue of a user, made where there is none. */
    async ofUser(context: ChangeContext, project: string, experiment: string, user: string): Promise<ReviewQueue> {
      try {
        return await queues.create(context, project, experiment, { name: user, type: 'USER' })
      } catch (error) {
        if (!(error instanceof KedgeError && error.code === 'already_exists')) throw error
        const there = await queues.byName(project, experiment, userName(user))
        if (there.type !== 'USER') throw error
        return there
      }
    },

    /** Newest first. */
    async list(
      project: string,
      experiment: string,
      filter: Page & { user?: string | undefined; item?: string | undefined },
    ): Promise<{ items: ReviewQueue[]; next?: string }> {
      const limit = checkMaxResults(filter.maxResults, limits.searchExperiments, 1000)
      const { offset } = decodePage(filter.pageToken)
      await experiments.get(project, experiment)
      let query = store.read
        .selectFrom('review_queues')
        .selectAll()
        .where('project', '=', project)
        .where('experiment', '=', experiment)
      const { item, user } = filter
      if (item !== undefined)
        query = query.where('id', 'in', (e) => e.selectFrom('review_items').select('queue').where('item', '=', item))
      const rows = (await query.orderBy('created_at', 'desc').orderBy('id').execute())
        .map(toQueue)
        .filter((queue) => user === undefined || queue.users.includes(userName(user)))
        .slice(offset)
      return { items: rows.slice(0, limit), ...nextPage(rows.length, limit, offset) }
    },

    /** Changes the fields that are given. A user's queue is fixed, and so are the questions once there are items. */
    update: (
      context: ChangeContext,
      project: string,
      id: string,
      fields: {
        name?: string | undefined
        users?: string[] | undefined
        schemas?: string[] | undefined
        owner?: string | undefined
      },
    ): Promise<ReviewQueue> =>
      journal.change(context, async (change) => {
        await change.lock(`review_queue/${id}`)
        const before = await find(change.db, project, id)
        if (before.type === 'USER')
          throw invalid("A user queue's name, assigned user, schemas, and owner are fixed and cannot be updated.")
        const { name, users, schemas } = checkQueue({
          type: 'CUSTOM',
          name: fields.name ?? before.name,
          users: fields.users ?? before.users,
          schemas: fields.schemas ?? before.schemas,
        })
        if (fields.schemas !== undefined) {
          const attached = await change.db
            .selectFrom('review_items')
            .select('item')
            .where('queue', '=', id)
            .limit(1)
            .executeTakeFirst()
          if (attached)
            throw invalid(
              "A review queue's questions are locked once items are assigned to it. Remove the items first.",
            )
          await checkSchemas(change, project, before.experiment, schemas)
        }
        const other = await named(change.db, project, before.experiment, name)
        if (other && other.id !== id) throw taken(name)
        const owner = fields.owner === undefined ? before.created_by : text(fields.owner, 'new_owner', 250)
        await change.db
          .updateTable('review_queues')
          .set({
            name,
            name_key: name.toLowerCase(),
            users: JSON.stringify(users),
            schemas: JSON.stringify(schemas),
            created_by: owner,
            updated_at: change.now,
          })
          .where('id', '=', id)
          .execute()
        const queue = await find(change.db, project, id)
        say(change, 'review_queue.changed', queue)
        return queue
      }),

    /** One that is not there is left so. */
    delete: (context: ChangeContext, project: string, id: string): Promise<void> =>
      journal.change(context, async (change) => {
        const queue = await find(change.db, project, id).catch(() => undefined)
        if (!queue) return
        await change.db.deleteFrom('review_items').where('queue', '=', id).execute()
        await change.db.deleteFrom('review_queues').where('id', '=', id).execute()
        say(change, 'review_queue.deleted', queue)
      }),

    /** Items that are there already are left as they are. */
    addItems: (
      context: ChangeContext,
      project: string,
      id: string,
      given: readonly string[],
    ): Promise<ReviewItem[]> => {
      const items = checkItems(given)
      return journal.change(context, async (change) => {
        await change.lock(`review_queue/${id}`)
        const queue = await find(change.db, project, id)
        for (const item of items)
          await change.db
            .insertInto('review_items')
            .values({
              queue: id,
              item,
              status: 'PENDING',
              completed_by: null,
              completed_at: null,
              created_at: change.now,
              updated_at: change.now,
            })
            .onConflict((c) => c.columns(['queue', 'item']).doNothing())
            .execute()
        say(change, 'review_queue.changed', queue)
        const rows = await change.db
          .selectFrom('review_items')
          .selectAll()
          .where('queue', '=', id)
          .where('item', 'in', items)
          .execute()
        return rows.toSorted((a, b) => items.indexOf(a.item) - items.indexOf(b.item))
      })
    },

    removeItems: (context: ChangeContext, project: string, id: string, given: readonly string[]): Promise<void> => {
      const items = checkItems(given)
      return journal.change(context, async (change) => {
        const queue = await find(change.db, project, id)
        await change.db.deleteFrom('review_items').where('queue', '=', id).where('item', 'in', items).execute()
        say(change, 'review_queue.changed', queue)
      })
    },

    /** Newest first. */
    async items(
      project: string,
      id: string,
      filter: Page & { status?: ReviewStatus | undefined },
    ): Promise<{ items: ReviewItem[]; next?: string }> {
      const limit = checkMaxResults(filter.maxResults, limits.searchExperiments, 1000)
      const { offset } = decodePage(filter.pageToken)
      await find(store.read, project, id)
      let query = store.read.selectFrom('review_items').selectAll().where('queue', '=', id)
      if (filter.status !== undefined) query = query.where('status', '=', filter.status)
      const rows = await query
        .orderBy('created_at', 'desc')
        .orderBy('item')
        .limit(limit + 1)
        .offset(offset)
        .execute()
      return { items: rows.slice(0, limit), ...nextPage(rows.length, limit, offset) }
    },

    /** Says that an item was reviewed or declined, and by whom, or opens it again. */
    setStatus: (
      context: ChangeContext,
      project: string,
      id: string,
      item: string,
      status: ReviewStatus,
      completedBy: string | undefined,
    ): Promise<ReviewItem> => {
      const by = completedBy === undefined ? undefined : userName(completedBy)
      if (status === 'PENDING' && by !== undefined)
        throw invalid('`completed_by` must not be set when reopening an item to `pending`.')
      if (status !== 'PENDING' && !by)
        throw invalid(`\`completed_by\` is required when setting status to \`${status.toLowerCase()}\`.`)
      return journal.change(context, async (change) => {
        const queue = await find(change.db, project, id)
        const row = await change.db
          .updateTable('review_items')
          .set({
            status,
            completed_by: by ?? null,
            completed_at: status === 'PENDING' ? null : change.now,
            updated_at: change.now,
          })
          .where('queue', '=', id)
          .where('item', '=', item.trim())
          .returningAll()
          .executeTakeFirst()
        if (!row) throw new KedgeError('not_found', { kind: `Item of the review queue '${id}'`, name: `'${item}'` })
        change.append({
          type: 'review_item.decided',
          project,
          subject: `review_queue/${id}`,
          data: { queue: id, name: queue.name, item: row.item, status, by: by ?? null },
        })
        return row
      })
    },
  }
  return queues
}

const invalid = (what: string) => new KedgeError('invalid_input', { what })

function text(value: string, what: string, most: number): string {
  const clean = value.trim()
  if (clean === '') throw invalid(`\`${what}\` must be a non-empty string.`)
  checkLength(clean, most, what)
  return clean
}
/** Reviewers are compared without regard to case. */
const userName = (user: string) => text(user, 'user', 250).toLowerCase()
const checkItems = (items: readonly string[]): string[] => {
  if (items.length === 0) throw invalid('`item_ids` must be a non-empty list.')
  return [...new Set(items.map((item) => text(item, 'item_id', 50)))]
}

/** MLflow's rules (mlflow/genai/review_queues/validation.py). */
function checkQueue(given: { name: string; type: QueueType; users?: readonly string[]; schemas?: readonly string[] }): {
  name: string
  type: QueueType
  users: string[]
  schemas: string[]
} {
  const users = [...new Set((given.users ?? []).map(userName))].sort()
  if (users.length > 10) throw invalid(`A review queue can have at most 10 assigned users; got ${users.length}.`)
  const schemas = [...new Set((given.schemas ?? []).map((id) => text(id, 'schema_id', 36)))].sort()
  if (given.type === 'CUSTOM') {
    const name = text(given.name, 'name', 250)
    if (name.toLowerCase() === 'default') throw invalid(`\`${name}\` is a reserved queue name.`)
    return { name, type: given.type, users, schemas }
  }
  const name = userName(given.name)
  if (users.length > 0 && (users.length > 1 || users[0] !== name))
    throw invalid('A user queue must have exactly one assigned user equal to its name.')
  if (schemas.length > 0)
    throw invalid("A user queue cannot have explicitly-attached schemas; it has all of the experiment's.")
  return { name, type: given.type, users: [name], schemas }
}
