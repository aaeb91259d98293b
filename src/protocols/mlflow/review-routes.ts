import { KedgeError } from '../../errors.ts'
import { type Issue, issueSeverities, issueStatuses } from '../../tracking/review/issues.ts'
import type { LabelInput, LabelSchema } from '../../tracking/review/label-schemas.ts'
import type { ReviewItem, ReviewQueue } from '../../tracking/review/review-queues.ts'
import type { Tracking } from '../../tracking/tracking.ts'
import type { Fields } from './fields.ts'
import type { MlflowScope } from './mlflow-scope.ts'

/** The numbers of MLflow's enums. */
const labelTypes = { FEEDBACK: 1, EXPECTATION: 2 }
const queueTypes = { USER: 1, CUSTOM: 2 }
const reviewStatuses = { PENDING: 1, COMPLETE: 2, DECLINED: 3 }

const list = <T>(name: string, items: readonly T[]) => (items.length > 0 ? { [name]: items } : {})
const page = (fields: Fields) => ({ maxResults: fields.integer('max_results'), pageToken: fields.text('page_token') })

const issueAnswer = (issue: Issue) => ({
  issue_id: issue.id,
  experiment_id: issue.experiment,
  name: issue.name,
  description: issue.description,
  status: issue.status,
  ...(issue.severity === null ? {} : { severity: issue.severity }),
  ...list('root_causes', JSON.parse(issue.root_causes) as string[]),
  ...list('categories', JSON.parse(issue.categories) as string[]),
  ...(issue.source_run === null ? {} : { source_run_id: issue.source_run }),
  created_timestamp: Number(issue.created_at),
  last_updated_timestamp: Number(issue.updated_at),
  ...(issue.created_by === null ? {} : { created_by: issue.created_by }),
  ...(issue.traces === undefined ? {} : { trace_count: Number(issue.traces) }),
})

const schemaAnswer = (schema: LabelSchema) => ({
  schema_id: schema.id,
  experiment_id: schema.experiment,
  name: schema.name,
  type: schema.type,
  ...(schema.instruction === null ? {} : { instruction: schema.instruction }),
  enable_comment: schema.enable_comment === 1,
  input: JSON.parse(schema.input) as LabelInput,
  created_at: schema.created_at,
  last_updated_at: schema.updated_at,
  is_default: schema.is_default === 1,
})

const queueAnswer = (queue: ReviewQueue) => ({
  queue_id: queue.id,
  experiment_id: queue.experiment,
  name: queue.name,
  queue_type: queue.type,
  ...(queue.created_by === null ? {} : { created_by: queue.created_by }),
  creation_time_ms: queue.created_at,
  last_update_time_ms: queue.updated_at,
  ...list('users', queue.users),
  ...list('schema_ids', queue.schemas),
})

const itemAnswer = (item: ReviewItem) => ({
  queue_id: item.queue,
  item_type: 'TRACE',
  item_id: item.item,
  status: item.status,
  ...(item.completed_by === null ? {} : { completed_by: item.completed_by }),
  ...(item.completed_at === null ? {} : { completed_time_ms: item.completed_at }),
  creation_time_ms: item.created_at,
  last_update_time_ms: item.updated_at,
})

/** A text of a fixed set. */
function oneOf<T extends string>(fields: Fields, name: string, known: readonly T[]): T | undefined {
  const value = fields.text(name)
  if (value === undefined || known.includes(value as T)) return value as T | undefined
  throw new KedgeError('invalid_input', {
    what: `Invalid value '${value.slice(0, 100)}' for parameter '${name}' supplied: it must be one of ${known.join(', ')}`,
  })
}

function readInput(input: Fields): LabelInput {
  const found =
    input.message(
      'pass_fail',
      (one): LabelInput => ({
        pass_fail: {
          positive_label: one.text('positive_label') ?? '',
          negative_label: one.text('negative_label') ?? '',
        },
      }),
    ) ??
    input.message(
      'categorical',
      (one): LabelInput => ({
        categorical: { options: one.texts('options') ?? [], multi_select: one.truth('multi_select') ?? false },
      }),
    ) ??
    input.message('numeric', (one): LabelInput => {
      const [min, max] = [one.number('min_value'), one.number('max_value')]
      return {
        numeric: { ...(min === undefined ? {} : { min_value: min }), ...(max === undefined ? {} : { max_value: max }) },
      }
    }) ??
    input.message('text', (one): LabelInput => {
      const most = one.integer('max_length')
      return { text: most === undefined ? {} : { max_length: most } }
    })
  if (!found)
    throw new KedgeError('invalid_input', {
      what: 'Label schema `input` must be one of pass_fail, categorical, numeric and text',
    })
  return found
}

const readSchema = (fields: Fields) => ({
  name: fields.text('name'),
  instruction: fields.text('instruction'),
  enableComment: fields.truth('enable_comment'),
  input: fields.message('input', readInput),
})

/** MLflow's endpoints of issues, label schemas and review queues. */
export function reviewRoutes(scope: MlflowScope, { review }: Pick<Tracking, 'review'>): void {
  const { issues, labelSchemas, queues } = review
  const read = (path: string, handler: Parameters<MlflowScope['add']>[3], method: 'GET' | 'POST' = 'GET') =>
    scope.add(method, `/mlflow/${path}`, 'read', handler, '3.0')
  const write = (method: 'POST' | 'PATCH' | 'DELETE', path: string, handler: Parameters<MlflowScope['add']>[3]) =>
    scope.add(method, `/mlflow/${path}`, 'tracking.write', handler, '3.0')

  write('POST', 'issues', async ({ context, project, fields }) => ({
    issue: issueAnswer(
      await issues.create(context, project, {
        name: fields.required('name'),
        description: fields.required('description'),
        experimentId: fields.required('experiment_id'),
        status: oneOf(fields, 'status', issueStatuses),
        severity: oneOf(fields, 'severity', issueSeverities),
        rootCauses: fields.texts('root_causes') ?? [],
        categories: fields.texts('categories') ?? [],
        sourceRun: fields.text('source_run_id'),
        createdBy: fields.text('created_by'),
      }),
    ),
  }))
  read('issues/:issueId', async ({ project, params }) => ({
    issue: issueAnswer(await issues.get(project, params.issueId!)),
  }))
  write('PATCH', 'issues/:issueId', async ({ context, project, params, fields }) => {
    const status = oneOf(fields, 'status', issueStatuses)
    const severity = oneOf(fields, 'severity', issueSeverities)
    const [name, description] = [fields.text('name'), fields.text('description')]
    return {
      issue: issueAnswer(
        await issues.update(context, project, params.issueId!, {
          ...(status ? { status } : {}),
          ...(severity ? { severity } : {}),
          ...(name ? { name } : {}),
          ...(description ? { description } : {}),
        }),
      ),
    }
  })
  read(
    'issues/search',
    async ({ project, fields }) => {
      const { items, next } = await issues.search(project, {
        ...page(fields),
        experimentId: fields.text('experiment_id'),
        filter: fields.text('filter_string'),
        countTraces: fields.truth('include_trace_count'),
      })
      return { ...list('issues', items.map(issueAnswer)), ...(next ? { next_page_token: next } : {}) }
    },
    'POST',
  )

  write('POST', 'label-schemas/create', async ({ context, project, fields }) => {
    const experiment = fields.required('experiment_id')
    fields.required('name')
    const type = fields.choice('type', labelTypes)
    if (!type)
      throw new KedgeError('invalid_input', { what: 'Label schema `type` must be one of FEEDBACK and EXPECTATION' })
    return {
      label_schema: schemaAnswer(await labelSchemas.create(context, project, experiment, type, readSchema(fields))),
    }
  })
  read('label-schemas/get', async ({ project, fields }) => ({
    label_schema: schemaAnswer(await labelSchemas.get(project, fields.required('schema_id'))),
  }))
  read('label-schemas/get-by-name', async ({ project, fields }) => ({
    label_schema: schemaAnswer(
      await labelSchemas.byName(project, fields.required('experiment_id'), fields.required('name')),
    ),
  }))
  read('label-schemas/list', async ({ project, fields }) => {
    const { items, next } = await labelSchemas.list(project, fields.required('experiment_id'), page(fields))
    return { ...list('label_schemas', items.map(schemaAnswer)), ...(next ? { next_page_token: next } : {}) }
  })
  write('PATCH', 'label-schemas/update', async ({ context, project, fields }) => ({
    label_schema: schemaAnswer(
      await labelSchemas.update(context, project, fields.required('schema_id'), readSchema(fields)),
    ),
  }))
  write('DELETE', 'label-schemas/delete', ({ context, project, fields }) =>
    labelSchemas.delete(context, project, fields.required('schema_id')),
  )

  write('POST', 'review-queues/create', async ({ context, project, fields }) => {
    const type = fields.choice('queue_type', queueTypes)
    if (!type) throw new KedgeError('invalid_input', { what: '`queue_type` must be one of USER and CUSTOM' })
    return {
      review_queue: queueAnswer(
        await queues.create(context, project, fields.required('experiment_id'), {
          name: fields.required('name'),
          type,
          users: fields.texts('users') ?? [],
          schemas: fields.texts('schema_ids') ?? [],
        }),
      ),
    }
  })
  write('POST', 'review-queues/get-or-create-user', async ({ context, project, fields }) => ({
    review_queue: queueAnswer(
      await queues.ofUser(context, project, fields.required('experiment_id'), fields.required('user')),
    ),
  }))
  read('review-queues/get', async ({ project, fields }) => ({
    review_queue: queueAnswer(await queues.get(project, fields.required('queue_id'))),
  }))
  read('review-queues/get-by-name', async ({ project, fields }) => ({
    review_queue: queueAnswer(await queues.byName(project, fields.required('experiment_id'), fields.required('name'))),
  }))
  read('review-queues/list', async ({ project, fields }) => {
    const { items, next } = await queues.list(project, fields.required('experiment_id'), {
      ...page(fields),
      user: fields.text('user'),
      item: fields.text('item_id'),
    })
    return { ...list('review_queues', items.map(queueAnswer)), ...(next ? { next_page_token: next } : {}) }
  })
  write('POST', 'review-queues/update', async ({ context, project, fields }) => ({
    review_queue: queueAnswer(
      await queues.update(context, project, fields.required('queue_id'), {
        name: fields.text('name'),
        owner: fields.text('new_owner'),
        users: fields.truth('update_users') ? (fields.texts('users') ?? []) : undefined,
        schemas: fields.truth('update_schema_ids') ? (fields.texts('schema_ids') ?? []) : undefined,
      }),
    ),
  }))
  write('POST', 'review-queues/delete', ({ context, project, fields }) =>
    queues.delete(context, project, fields.required('queue_id')),
  )
  write('POST', 'review-queues/items/add', async ({ context, project, fields }) => ({
    items: (await queues.addItems(context, project, fields.required('queue_id'), fields.texts('item_ids') ?? [])).map(
      itemAnswer,
    ),
  }))
  write('POST', 'review-queues/items/remove', ({ context, project, fields }) =>
    queues.removeItems(context, project, fields.required('queue_id'), fields.texts('item_ids') ?? []),
  )
  read('review-queues/items/list', async ({ project, fields }) => {
    const { items, next } = await queues.items(project, fields.required('queue_id'), {
      ...page(fields),
      status: fields.choice('status', reviewStatuses),
    })
    return { ...list('items', items.map(itemAnswer)), ...(next ? { next_page_token: next } : {}) }
  })
  write('POST', 'review-queues/items/set-status', async ({ context, project, fields }) => {
    const status = fields.choice('status', reviewStatuses)
    if (!status) throw new KedgeError('invalid_input', { what: '`status` must be one of PENDING, COMPLETE, DECLINED' })
    return {
      item: itemAnswer(
        await queues.setStatus(
          context,
          project,
          fields.required('queue_id'),
          fields.required('item_id'),
          status,
          fields.text('completed_by'),
        ),
      ),
    }
  })
}
