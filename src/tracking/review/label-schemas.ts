import { randomUUID } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { Environment } from '../../environment.ts'
import { KedgeError } from '../../errors.ts'
import type { Change, ChangeContext } from '../../journal/journal.ts'
import type { LabelType, ReviewTables } from '../../storage/sql/tables/review.ts'
import type { Experiments } from '../experiments.ts'
import { checkLength, checkMaxResults, limits } from '../limits.ts'
import { decodePage, nextPage } from '../page-token.ts'

/** How a question is answered, in MLflow's form. */
export type LabelInput =
  | { pass_fail: { positive_label: string; negative_label: string } }
  | { categorical: { options: string[]; multi_select: boolean } }
  | { numeric: { min_value?: number; max_value?: number } }
  | { text: { max_length?: number } }

export type LabelSchema = Selectable<ReviewTables['label_schemas']>

export interface LabelFields {
  name?: string | undefined
  instruction?: string | undefined
  enableComment?: boolean | undefined
  input?: LabelInput | undefined
}

const defaultName = 'Feedback'

/** Questions that reviewers answer of a trace; every experiment has one of its own from the start. */
export function createLabelSchemas(
  { store, journal }: Pick<Environment, 'store' | 'journal'>,
  experiments: Experiments,
) {
  async function find(db: Change['db'], project: string, id: string): Promise<LabelSchema> {
    const row = await db
      .selectFrom('label_schemas')
      .selectAll()
      .where('id', '=', id)
      .where('project', '=', project)
      .executeTakeFirst()
    if (!row) throw new KedgeError('not_found', { kind: 'Label schema with id', name: `'${id}'` })
    return row
  }

  const make = (
    change: Change,
    project: string,
    experiment: string,
    fields: Pick<LabelSchema, 'name' | 'type' | 'instruction' | 'enable_comment' | 'is_default'> & {
      input: LabelInput
    },
  ) =>
    change.db
      .insertInto('label_schemas')
      .values({
        ...fields,
        id: `ls-${randomUUID().replaceAll('-', '')}`,
        project,
        experiment,
        input: JSON.stringify(fields.input),
        created_at: change.now,
        updated_at: change.now,
      })
      .onConflict((c) => c.columns(['project', 'experiment', 'name']).doNothing())
      .returningAll()
      .executeTakeFirst()

  const taken = (name: string) =>
    new KedgeError('already_exists', { kind: 'Label schema with name', name: `'${name}'` })
  const say = (change: Change, type: `label_schema.${'created' | 'changed' | 'deleted'}`, row: LabelSchema) =>
    change.append({
      type,
      project: row.project,
      subject: `label_schema/${row.id}`,
      data: { schema: row.id, name: row.name },
    })

  return {
    get: (project: string, id: string): Promise<LabelSchema> => find(store.read, project, id),

    async byName(project: string, experiment: string, name: string): Promise<LabelSchema> {
      await experiments.get(project, experiment)
      const row = await store.read
        .selectFrom('label_schemas')
        .selectAll()
        .where('project', '=', project)
        .where('experiment', '=', experiment)
        .where('name', '=', name)
        .executeTakeFirst()
      if (!row) throw new KedgeError('not_found', { kind: 'Label schema with name', name: `'${name}'` })
      return row
    },

    /** Errors: `already_exists`, `invalid_input`, `not_found`. */
    async create(
      context: ChangeContext,
      project: string,
      experiment: string,
      type: LabelType,
      fields: LabelFields,
    ): Promise<LabelSchema> {
      const name = fields.name ?? ''
      checkFields({ ...fields, name })
      if (fields.input === undefined) throw invalid('Label schema `input` is required.')
      const { input } = fields
      await experiments.get(project, experiment)
      return journal.change(context, async (change) => {
        const row = await make(change, project, experiment, {
          name,
          type,
          input,
          instruction: fields.instruction ?? null,
          enable_comment: fields.enableComment ? 1 : 0,
          is_default: 0,
        })
        if (!row) throw taken(name)
        say(change, 'label_schema.created', row)
        return row
      })
    },

    /** Newest first. */
    async list(
      project: string,
      experiment: string,
      page: { maxResults?: number | undefined; pageToken?: string | undefined },
    ): Promise<{ items: LabelSchema[]; next?: string }> {
      const limit = checkMaxResults(page.maxResults, limits.searchExperiments, 100)
      const { offset } = decodePage(page.pageToken)
      await experiments.get(project, experiment)
      const all = store.read
        .selectFrom('label_schemas')
        .selectAll()
        .where('project', '=', project)
        .where('experiment', '=', experiment)
      if (!(await all.where('is_default', '=', 1).executeTakeFirst()))
        await journal.change({ actor: 'system' }, async (change) => {
          await make(change, project, experiment, {
            name: defaultName,
            type: 'FEEDBACK',
            input: { text: {} },
            instruction: 'Share any feedback on this trace.',
            enable_comment: 0,
            is_default: 1,
          })
        })
      const rows = await all
        .orderBy('created_at', 'desc')
        .orderBy('id')
        .limit(limit + 1)
        .offset(offset)
        .execute()
      return { items: rows.slice(0, limit), ...nextPage(rows.length, limit, offset) }
    },

    /** Changes the fields that are given; how it is answered keeps its kind. */
    update: (context: ChangeContext, project: string, id: string, fields: LabelFields): Promise<LabelSchema> =>
      journal.change(context, async (change) => {
        const before = await find(change.db, project, id)
        if (before.is_default) throw invalid("The experiment's default question cannot be changed.")
        checkFields(fields)
        if (fields.name !== undefined && fields.name !== before.name) {
          const other = await change.db
            .selectFrom('label_schemas')
            .select('id')
            .where('project', '=', project)
            .where('experiment', '=', before.experiment)
            .where('name', '=', fields.name)
            .executeTakeFirst()
          if (other) throw taken(fields.name)
        }
        const row: LabelSchema = {
          ...before,
          name: fields.name ?? before.name,
          instruction: fields.instruction ?? before.instruction,
          enable_comment: fields.enableComment === undefined ? before.enable_comment : fields.enableComment ? 1 : 0,
          input: fields.input === undefined ? before.input : JSON.stringify(fields.input),
          updated_at: change.now,
        }
        await change.db.updateTable('label_schemas').set(row).where('id', '=', id).execute()
        say(change, 'label_schema.changed', row)
        return row
      }),

    /** One that is not there is left so. */
    delete: (context: ChangeContext, project: string, id: string): Promise<void> =>
      journal.change(context, async (change) => {
        const row = await find(change.db, project, id).catch(() => undefined)
        if (!row) return
        if (row.is_default) throw invalid("The experiment's default question cannot be deleted.")
        await change.db.deleteFrom('label_schemas').where('id', '=', id).execute()
        say(change, 'label_schema.deleted', row)
      }),
  }
}

const invalid = (what: string) => new KedgeError('invalid_input', { what })

/** MLflow's limits (mlflow/genai/label_schemas/validation.py). */
function checkFields({ name, instruction, input }: LabelFields) {
  if (name !== undefined) {
    if (name === '') throw invalid('Label schema `name` must be a non-empty string.')
    checkLength(name, 250, 'name')
    if (name.trim().toLowerCase() === defaultName.toLowerCase())
      throw invalid(`\`${name}\` is reserved for the experiment's default question.`)
  }
  if (instruction !== undefined) checkLength(instruction, 1000, 'instruction')
  if (input !== undefined) checkInput(input)
}

function checkInput(input: LabelInput) {
  const text = (value: string, what: string) => {
    if (value === '') throw invalid(`\`${what}\` must be a non-empty string.`)
    checkLength(value, 64, what)
  }
  if ('pass_fail' in input) {
    const { positive_label, negative_label } = input.pass_fail
    text(positive_label, 'positive_label')
    text(negative_label, 'negative_label')
    if (positive_label === negative_label) throw invalid('`positive_label` and `negative_label` must be distinct.')
  } else if ('categorical' in input) {
    const { options } = input.categorical
    if (options.length < 1 || options.length > 10) throw invalid('`options` must have 1 to 10 entries.')
    for (const option of options) text(option, 'options')
    if (new Set(options).size < options.length) throw invalid('`options` must be deduplicated.')
  } else if ('numeric' in input) {
    const { min_value, max_value } = input.numeric
    if (min_value !== undefined && max_value !== undefined && !(min_value < max_value))
      throw invalid('`min_value` must be strictly less than `max_value`.')
  } else if (input.text.max_length !== undefined && input.text.max_length < 1)
    throw invalid('`max_length` must be at least 1.')
}
