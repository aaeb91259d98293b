import { type RawBuilder, sql } from 'kysely'
import { KedgeError } from '../errors.ts'
import { namedFields } from './filter/named-fields.ts'

/** What MLflow calls the attributes of a run. */
export const runAttributes = namedFields<{ column: RawBuilder<unknown>; type: 'text' | 'number' }>({
  run_id: { column: sql`runs.id`, type: 'text' },
  run_uuid: { column: sql`runs.id`, type: 'text' },
  run_name: { column: sql`runs.name`, type: 'text' },
  'run name': { column: sql`runs.name`, type: 'text' },
  status: { column: sql`runs.status`, type: 'text' },
  user_id: { column: sql`runs.user_id`, type: 'text' },
  artifact_uri: { column: sql`runs.artifact_uri`, type: 'text' },
  experiment_id: { column: sql`(select e.id from experiments e where e.number = runs.experiment)`, type: 'text' },
  lifecycle_stage: { column: sql`runs.state`, type: 'text' },
  start_time: { column: sql`runs.start_time`, type: 'number' },
  created: { column: sql`runs.start_time`, type: 'number' },
  end_time: { column: sql`runs.end_time`, type: 'number' },
})

export const runEntities = namedFields<'metric' | 'param' | 'tag' | 'attribute' | 'dataset'>({
  metric: 'metric',
  metrics: 'metric',
  param: 'param',
  params: 'param',
  parameter: 'param',
  parameters: 'param',
  tag: 'tag',
  tags: 'tag',
  attribute: 'attribute',
  attributes: 'attribute',
  attr: 'attribute',
  run: 'attribute',
  dataset: 'dataset',
  datasets: 'dataset',
})

/** The kind of field that a name stands for. Errors: `invalid_input`. */
export function runEntity(entity: string | undefined): 'metric' | 'param' | 'tag' | 'attribute' | 'dataset' {
  const known = entity === undefined ? 'attribute' : runEntities[entity]
  if (!known)
    throw new KedgeError('invalid_input', {
      what: `Invalid entity type '${entity}': use metrics, params, tags, attributes or datasets`,
    })
  return known
}
