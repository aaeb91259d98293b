import { randomUUID } from 'node:crypto'
import type { Insertable } from 'kysely'
import type { Environment } from '../../environment.ts'
import { KedgeError } from '../../errors.ts'
import type { Change, ChangeContext } from '../../journal/journal.ts'
import { toJson } from '../../storage/sql/json-column.ts'
import type { Database } from '../../storage/sql/schema.ts'
import type { AssessmentKind } from '../../storage/sql/tables/traces.ts'
import { cut, storable, storedJson, traceLimits } from './limits.ts'
import { assessmentOf } from './read-traces.ts'
import type { Assessment, AssessmentError } from './trace.ts'

export interface NewAssessment {
  /** chosen by the caller, to send it again without another effect */
  id?: string | undefined
  kind: AssessmentKind
  name: string
  value: unknown
  error?: AssessmentError | null | undefined
  source: { type: string; id?: string | undefined }
  spanId?: string | undefined
  rationale?: string | undefined
  metadata?: Record<string, string> | undefined
  overrides?: string | undefined
  valid?: boolean | undefined
  createdAt?: number | undefined
  updatedAt?: number | undefined
}

export interface AssessmentUpdate {
  name?: string | undefined
  expectation?: { value: unknown } | undefined
  feedback?: { value: unknown; error: AssessmentError | null } | undefined
  rationale?: string | undefined
  metadata?: Record<string, string> | undefined
}

const asNumber = (value: unknown) =>
  typeof value === 'number' && Number.isFinite(value) ? value : typeof value === 'boolean' ? Number(value) : null
const optional = (text: string | undefined, limit: number) => (text ? cut(text, limit) : null)

/** The row of a new assessment. Errors: `invalid_input` without a name. */
export function assessmentRow(trace: number, given: NewAssessment, now: number): Insertable<Database['assessments']> {
  if (given.name === '')
    throw new KedgeError('invalid_input', { what: "Missing value for required parameter 'assessment_name'." })
  return {
    trace,
    id: given.id || `a-${randomUUID().replaceAll('-', '')}`,
    kind: given.kind,
    name: cut(given.name, traceLimits.id),
    value: storedJson(given.value),
    number: asNumber(given.value),
    error: given.error ? toJson(given.error) : null,
    source_type: given.source.type,
    source_id: optional(given.source.id, traceLimits.id),
    span: optional(given.spanId, traceLimits.id),
    rationale: given.rationale ? storable(given.rationale) : null,
    metadata: given.metadata && Object.keys(given.metadata).length > 0 ? toJson(given.metadata) : null,
    overrides: given.overrides || null,
    valid: given.valid === false ? 0 : 1,
    created_at: given.createdAt ?? now,
    updated_at: given.updatedAt ?? now,
  }
}

/** Feedback and expectations of traces. */
export function createAssessments(
  environment: Pick<Environment, 'store' | 'journal'>,
  traceOf: (db: Change['db'], project: string, id: string) => Promise<{ number: number; id: string }>,
) {
  const { store, journal } = environment

  async function find(db: Change['db'], project: string, traceId: string, id: string) {
    const trace = await traceOf(db, project, traceId)
    const row = await db
      .selectFrom('assessments')
      .selectAll()
      .where('trace', '=', trace.number)
      .where('id', '=', id)
      .executeTakeFirst()
    if (!row) throw new KedgeError('not_found', { kind: 'Assessment with ID', name: `${id} of trace ${traceId}` })
    return row
  }
  const setValid = (change: Change, trace: number, id: string, valid: 0 | 1) =>
    change.db
      .updateTable('assessments')
      .set({ valid })
      .where('trace', '=', trace)
      .where('id', '=', id)
      .executeTakeFirst()

  return {
    /** Adds one; the one that it overrides is valid no more. Errors: `not_found`, `already_exists` for an id that is taken. */
    create: (context: ChangeContext, project: string, traceId: string, given: NewAssessment): Promise<Assessment> =>
      journal.change(context, async (change) => {
        const trace = await traceOf(change.db, project, traceId)
        if (given.overrides) {
          const changed = await setValid(change, trace.number, given.overrides, 0)
          if (changed.numUpdatedRows === 0n)
            throw new KedgeError('not_found', {
              kind: 'Assessment with ID',
              name: `${given.overrides} of trace ${traceId}`,
            })
        }
        const row = await change.db
          .insertInto('assessments')
          .values(assessmentRow(trace.number, given, change.now))
          .onConflict((c) => c.columns(['trace', 'id']).doNothing())
          .returningAll()
          .executeTakeFirst()
        if (!row) throw new KedgeError('already_exists', { kind: 'Assessment with ID', name: given.id ?? '' })
        return assessmentOf(traceId, row)
      }),

    get: async (project: string, traceId: string, id: string): Promise<Assessment> =>
      assessmentOf(traceId, await find(store.read, project, traceId, id)),

    /** Changes what is named; metadata is merged. Errors: `not_found`, `invalid_input` for the value of another kind. */
    update: (
      context: ChangeContext,
      project: string,
      traceId: string,
      id: string,
      update: AssessmentUpdate,
    ): Promise<Assessment> =>
      journal.change(context, async (change) => {
        const row = await find(change.db, project, traceId, id)
        const before = assessmentOf(traceId, row)
        const invalid = (what: string) => new KedgeError('invalid_input', { what })
        if (update.expectation && update.feedback)
          throw invalid('Cannot specify both `expectation` and `feedback` parameters.')
        if (update.expectation && before.kind !== 'expectation')
          throw invalid('Cannot update expectation value on a Feedback assessment.')
        if (update.feedback && before.kind !== 'feedback')
          throw invalid('Cannot update feedback value on an Expectation assessment.')
        if (update.name === '') throw invalid("Missing value for required parameter 'assessment_name'.")
        const value = update.feedback ?? update.expectation
        const metadata = { ...before.metadata, ...update.metadata }
        const changed = await change.db
          .updateTable('assessments')
          .set({
            ...(update.name === undefined ? {} : { name: cut(update.name, traceLimits.id) }),
            ...(value ? { value: storedJson(value.value), number: asNumber(value.value) } : {}),
            ...(update.feedback ? { error: update.feedback.error ? toJson(update.feedback.error) : null } : {}),
            ...(update.rationale === undefined ? {} : { rationale: storable(update.rationale) }),
            metadata: Object.keys(metadata).length > 0 ? toJson(metadata) : null,
            updated_at: change.now,
          })
          .where('trace', '=', row.trace)
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirstOrThrow()
        return assessmentOf(traceId, changed)
      }),

    /** Takes one away; the one that it overrode is valid again. One that is not there is away already. */
    delete: (context: ChangeContext, project: string, traceId: string, id: string): Promise<void> =>
      journal.change(context, async (change) => {
        const trace = await traceOf(change.db, project, traceId)
        const gone = await change.db
          .deleteFrom('assessments')
          .where('trace', '=', trace.number)
          .where('id', '=', id)
          .returning('overrides')
          .executeTakeFirst()
        if (gone?.overrides) await setValid(change, trace.number, gone.overrides, 1)
      }),
  }
}
