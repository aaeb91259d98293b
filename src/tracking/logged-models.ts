import { randomBytes } from 'node:crypto'
import { type RawBuilder, type Selectable, type SqlBool, sql } from 'kysely'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'
import type { TrackingTables } from '../storage/sql/tables/tracking.ts'
import type { Experiments } from './experiments.ts'
import { compareNumber, compareText, compileFilter } from './filter/compile-filter.ts'
import type { Comparison } from './filter/parse-filter.ts'
import { checkKey, checkLength, checkMaxResults, checkTagKey, limits } from './limits.ts'
import { decodePage, encodePage } from './page-token.ts'
import { readPairs } from './read-pairs.ts'
import { runName } from './run-name.ts'
import { fromStored } from './stored-value.ts'

export interface LoggedModel {
  id: string
  experimentId: string
  name: string
  type: string
  sourceRun: string | null
  status: string
  artifactUri: string
  createdAt: number
  updatedAt: number
  params: Record<string, string>
  tags: Record<string, string>
  metrics: {
    key: string
    value: number
    step: number
    time: number
    runId: string
    datasetName: string
    datasetDigest: string
  }[]
}

interface Pair {
  key: string
  value: string
}

export interface LoggedModelOrder {
  field: string
  ascending?: boolean | undefined
  datasetName?: string | undefined
  datasetDigest?: string | undefined
}

type Row = Selectable<TrackingTables['logged_models']>

export const loggedModelStatuses = ['LOGGED_MODEL_PENDING', 'LOGGED_MODEL_READY', 'LOGGED_MODEL_UPLOAD_FAILED'] as const

/** Models that were logged with their own id, registered or not. */
export function createLoggedModels(environment: Pick<Environment, 'store' | 'journal'>, experiments: Experiments) {
  const { store, journal } = environment

  async function find(db: Change['db'], project: string, id: string, deletedToo = false): Promise<Row> {
    const row = await db
      .selectFrom('logged_models')
      .selectAll()
      .where('id', '=', id)
      .where('project', '=', project)
      .executeTakeFirst()
    if (!row || (row.state === 'deleted' && !deletedToo))
      throw new KedgeError('not_found', { kind: 'Logged model with ID', name: `'${id}'` })
    return row
  }

  async function complete(rows: Row[]): Promise<LoggedModel[]> {
    const ids = rows.map((row) => row.id)
    const params = await readPairs(store.read, 'logged_model_params', 'model', ids)
    const tags = await readPairs(store.read, 'logged_model_tags', 'model', ids)
    const metrics = new Map<string, LoggedModel['metrics']>()
    if (ids.length > 0) {
      const found = await store.read
        .selectFrom('logged_model_metrics')
        .innerJoin('runs', 'runs.number', 'logged_model_metrics.run')
        .select([
          'model',
          'key',
          'value',
          'logged_model_metrics.step',
          'time',
          'runs.id as runId',
          'dataset_name',
          'dataset_digest',
        ])
        .where('model', 'in', ids)
        .orderBy('key')
        .execute()
      for (const { model, dataset_name, dataset_digest, ...row } of found) {
        const list = metrics.get(model) ?? []
        metrics.set(model, list)
        list.push({ ...row, value: fromStored(row.value), datasetName: dataset_name, datasetDigest: dataset_digest })
      }
    }
    const numbers = [...new Set(rows.map((row) => row.experiment))]
    const experimentIds = new Map(
      numbers.length === 0
        ? []
        : (
            await store.read.selectFrom('experiments').select(['number', 'id']).where('number', 'in', numbers).execute()
          ).map((row) => [row.number, row.id]),
    )
    return rows.map((row) => ({
      id: row.id,
      experimentId: experimentIds.get(row.experiment) ?? '',
      name: row.name,
      type: row.type,
      sourceRun: row.source_run,
      status: row.status,
      artifactUri: row.artifact_uri,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
      params: params.get(row.id) ?? {},
      tags: tags.get(row.id) ?? {},
      metrics: metrics.get(row.id) ?? [],
    }))
  }

  const writeParams = async (change: Change, model: string, params: readonly Pair[]) => {
    for (const { key, value } of params) {
      checkKey(key, 'params.key')
      checkLength(value, limits.paramValue, 'params.value')
    }
    if (params.length > 0)
      await change.db
        .insertInto('logged_model_params')
        .values(
          [...new Map(params.map((pair) => [pair.key, pair.value]))].map(([key, value]) => ({ model, key, value })),
        )
        .onConflict((c) => c.columns(['model', 'key']).doNothing())
        .execute()
  }

  const writeTags = async (change: Change, model: string, tags: readonly Pair[]) => {
    for (const { key, value } of tags) {
      checkTagKey(key, 'tags.key')
      checkLength(value, limits.tagValue, 'tags.value')
    }
    if (tags.length > 0)
      await change.db
        .insertInto('logged_model_tags')
        .values([...new Map(tags.map((pair) => [pair.key, pair.value]))].map(([key, value]) => ({ model, key, value })))
        .onConflict((c) => c.columns(['model', 'key']).doUpdateSet((e) => ({ value: e.ref('excluded.value') })))
        .execute()
  }

  const get = async (project: string, id: string, deletedToo = false): Promise<LoggedModel> =>
    (await complete([await find(store.read, project, id, deletedToo)]))[0]!

  return {
    get,

    async create(
      context: ChangeContext,
      project: string,
      model: {
        experimentId: string
        name?: string | undefined
        type?: string | undefined
        sourceRun?: string | undefined
        params?: readonly Pair[]
        tags?: readonly Pair[]
      },
    ): Promise<LoggedModel> {
      if (model.name && /[/:.%"']/.test(model.name))
        throw new KedgeError('invalid_input', {
          what: `Invalid model name (${model.name}) provided. Model name must be a non-empty string and cannot contain the following characters: ('/', ':', '.', '%', '"', "'").`,
        })
      await experiments.ensureDefault(project)
      const id = `m-${randomBytes(16).toString('hex')}`
      await journal.change(context, async (change) => {
        const experiment = await experiments.findIn(change, project, model.experimentId)
        if (experiment.state !== 'active')
          throw new KedgeError('conflict', {
            what: `The experiment ${experiment.id} must be in the 'active' state. Current state is ${experiment.state}.`,
          })
        const name = model.name || runName(Math.random)
        await change.db
          .insertInto('logged_models')
          .values({
            id,
            project,
            experiment: experiment.number,
            name,
            type: model.type ?? '',
            source_run: model.sourceRun || null,
            status: 'LOGGED_MODEL_PENDING',
            artifact_uri: `${experiment.artifact_location}/models/${id}/artifacts`,
            state: 'active',
            created_at: change.now,
            updated_at: change.now,
          })
          .execute()
        await writeParams(change, id, model.params ?? [])
        await writeTags(change, id, model.tags ?? [])
        change.append({
          type: 'logged_model.created',
          project,
          subject: `logged_model/${id}`,
          data: { id, name, experiment: experiment.id, run: model.sourceRun || null },
        })
      })
      return get(project, id)
    },

    async finalize(context: ChangeContext, project: string, id: string, status: string): Promise<LoggedModel> {
      if (!(loggedModelStatuses as readonly string[]).includes(status))
        throw new KedgeError('invalid_input', { what: `Invalid model status: ${status}` })
      await journal.change(context, async (change) => {
        await find(change.db, project, id)
        await change.db
          .updateTable('logged_models')
          .set({ status, updated_at: change.now })
          .where('id', '=', id)
          .execute()
      })
      return get(project, id)
    },

    logParams: (context: ChangeContext, project: string, id: string, params: readonly Pair[]): Promise<void> =>
      journal.change(context, async (change) => {
        await find(change.db, project, id)
        await writeParams(change, id, params)
      }),

    async setTags(context: ChangeContext, project: string, id: string, tags: readonly Pair[]): Promise<LoggedModel> {
      await journal.change(context, async (change) => {
        await find(change.db, project, id)
        await writeTags(change, id, tags)
      })
      return get(project, id)
    },

    deleteTag: (context: ChangeContext, project: string, id: string, key: string): Promise<void> =>
      journal.change(context, async (change) => {
        await find(change.db, project, id)
        const gone = await change.db
          .deleteFrom('logged_model_tags')
          .where('model', '=', id)
          .where('key', '=', key)
          .executeTakeFirst()
        if (gone.numDeletedRows === 0n)
          throw new KedgeError('not_found', { kind: 'Tag with key', name: `'${key}' of the model with ID '${id}'` })
      }),

    delete: (context: ChangeContext, project: string, id: string): Promise<void> =>
      journal.change(context, async (change) => {
        await find(change.db, project, id)
        await change.db
          .updateTable('logged_models')
          .set({ state: 'deleted', updated_at: change.now })
          .where('id', '=', id)
          .execute()
        change.append({ type: 'logged_model.deleted', project, subject: `logged_model/${id}`, data: { id } })
      }),

    async search(
      project: string,
      query: {
        experimentIds: readonly string[]
        filter?: string | undefined
        datasets?: readonly { name: string; digest?: string | undefined }[]
        orderBy?: readonly LoggedModelOrder[]
        maxResults?: number | undefined
        pageToken?: string | undefined
      },
    ): Promise<{ items: LoggedModel[]; next?: string }> {
      const limit = checkMaxResults(query.maxResults, limits.searchRuns, 100)
      const { offset } = decodePage(query.pageToken)
      if (query.experimentIds.length === 0) return { items: [] }
      const datasets = query.datasets ?? []
      const condition = compileFilter(query.filter, (comparison, refuse) =>
        modelCondition(store.kind, comparison, datasets, refuse),
      )
      const order = sql.join([
        ...(query.orderBy ?? []).map(modelOrder),
        sql`logged_models.created_at desc`,
        sql`logged_models.id`,
      ])
      const { rows } =
        await sql<Row>`select logged_models.* from logged_models join experiments on experiments.number = logged_models.experiment
        where logged_models.project = ${project} and logged_models.state = 'active' and experiments.id in (${sql.join([...query.experimentIds])})
        ${condition ? sql`and ${condition}` : sql``} order by ${order} limit ${limit + 1} offset ${offset}`.execute(
          store.read,
        )
      const items = await complete(rows.slice(0, limit))
      return rows.length > limit ? { items, next: encodePage({ offset: offset + limit }) } : { items }
    },
  }
}

export type LoggedModels = ReturnType<typeof createLoggedModels>

const textAttributes: Record<string, RawBuilder<unknown>> = {
  name: sql`logged_models.name`,
  model_id: sql`logged_models.id`,
  model_type: sql`logged_models.type`,
  status: sql`replace(logged_models.status, 'LOGGED_MODEL_', '')`,
  source_run_id: sql`logged_models.source_run`,
}
const timeAttributes: Record<string, RawBuilder<unknown>> = {
  creation_timestamp: sql`logged_models.created_at`,
  creation_time: sql`logged_models.created_at`,
  last_updated_timestamp: sql`logged_models.updated_at`,
  last_updated_time: sql`logged_models.updated_at`,
}

function modelCondition(
  store: 'sqlite' | 'postgres',
  comparison: Comparison,
  datasets: readonly { name: string; digest?: string | undefined }[],
  refuse: (what: string) => Error,
): RawBuilder<SqlBool> {
  const { entity, key } = comparison
  if (entity === 'metrics' || entity === 'metric') {
    const of = datasets.map(({ name, digest }) =>
      digest ? sql`(m.dataset_name = ${name} and m.dataset_digest = ${digest})` : sql`m.dataset_name = ${name}`,
    )
    const only = of.length > 0 ? sql`and (${sql.join(of, sql` or `)})` : sql``
    return sql`exists (select 1 from logged_model_metrics m where m.model = logged_models.id and m.key = ${key} ${only} and ${compareNumber(sql`m.value`, comparison, refuse)} and m.value <= ${Number.MAX_VALUE})`
  }
  if (entity === 'params' || entity === 'param' || entity === 'tags' || entity === 'tag') {
    const table = entity.startsWith('param') ? sql`logged_model_params` : sql`logged_model_tags`
    const having = sql`select 1 from ${table} p where p.model = logged_models.id and p.key = ${key}`
    if (comparison.operator === 'IS NULL') return sql`not exists (${having})`
    return sql`exists (${having} and ${compareText(store, sql`p.value`, comparison, refuse)})`
  }
  if (entity !== undefined && !['attribute', 'attributes', 'attr'].includes(entity))
    throw refuse(`${entity} is not known: use metrics, params, tags or attributes`)
  const text = textAttributes[key]
  if (text) return compareText(store, text, comparison, refuse)
  const time = timeAttributes[key]
  if (time) return compareNumber(time, comparison, refuse)
  throw refuse(`${key} is no attribute of a logged model`)
}

function modelOrder(order: LoggedModelOrder): RawBuilder<unknown> {
  const direction = order.ascending === false ? sql`desc` : sql`asc`
  const metric = /^metrics?\.(.+)$/.exec(order.field)
  if (metric) {
    const key = metric[1]!.replace(/^[`"](.*)[`"]$/, '$1')
    const only = sql`${order.datasetName ? sql`and m.dataset_name = ${order.datasetName}` : sql``} ${order.datasetDigest ? sql`and m.dataset_digest = ${order.datasetDigest}` : sql``}`
    const value = sql`(select m.value from logged_model_metrics m where m.model = logged_models.id and m.key = ${key} ${only} order by m.time desc, m.step desc limit 1)`
    return sql`case when ${value} is null then 1 else 0 end, ${value} ${direction}`
  }
  const name = order.field.replace(/^attributes?\./, '')
  const column = textAttributes[name] ?? timeAttributes[name]
  if (!column) throw new KedgeError('invalid_input', { what: `Invalid order_by field: ${order.field}` })
  return sql`${column} ${direction}`
}
