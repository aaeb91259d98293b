import type { Selectable } from 'kysely'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'
import { fromJson, toJson } from '../storage/sql/json-column.ts'
import type { AutomationTables, RuleState } from '../storage/sql/tables/automation.ts'
import { type RuleSpec, ruleName, ruleSpec } from './rule-spec.ts'

export interface Rule {
  project: string
  name: string
  spec: RuleSpec
  state: RuleState
  /** retrainings in a row that led to nothing */
  failures: number
  lastFired: number | null
  createdAt: number
  updatedAt: number
}

export const tickJob = 'automation.tick'
const scheduleName = (project: string, rule: string) => `rule/${project}/${rule}`

/** A rule as its row says it. */
export const toRule = (row: Selectable<AutomationTables['automation_rules']>): Rule => ({
  project: row.project,
  name: row.name,
  spec: fromJson(row.spec),
  state: row.state,
  failures: row.failures,
  lastFired: row.last_fired,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})

/** The rule of this name as the change sees it. Errors: `not_found`. */
export async function findRule(db: Change['db'], project: string, name: string): Promise<Rule> {
  const row = await db
    .selectFrom('automation_rules')
    .selectAll()
    .where('project', '=', project)
    .where('name', '=', name)
    .executeTakeFirst()
  if (!row) throw new KedgeError('not_found', { kind: 'Rule', name })
  return toRule(row)
}

/** Rules as they are declared. */
export function createRules({ store, journal, jobs }: Pick<Environment, 'store' | 'journal' | 'jobs'>) {
  function parse(input: unknown): RuleSpec {
    const parsed = ruleSpec.safeParse(input)
    if (parsed.success) return parsed.data
    const places = parsed.error.issues.map((issue) => ({ where: issue.path.join('.'), what: issue.message }))
    throw new KedgeError(
      'invalid_input',
      { what: `The rule is not valid: ${places.map((place) => `${place.where}: ${place.what}`).join('; ')}` },
      { places },
    )
  }

  return {
    /** Declares or changes a rule; the same again changes nothing. What it has counted stays. */
    async put(context: ChangeContext, project: string, name: string | undefined, input: unknown): Promise<Rule> {
      const spec = parse(input)
      const own = name ?? ruleName(spec)
      const pipeline = spec.do.replace(/^run /, '')
      return journal.change(context, async (change) => {
        await change.lock(`rule/${project}/${own}`)
        const there = await change.db
          .selectFrom('pipelines')
          .select('id')
          .where('project', '=', project)
          .where('name', '=', pipeline)
          .executeTakeFirst()
        if (!there)
          throw new KedgeError(
            'invalid_input',
            { what: `The rule ${own} runs the pipeline ${pipeline}, which does not exist` },
            { places: [{ where: 'do', what: `there is no pipeline ${pipeline}` }] },
          )
        const before = await change.db
          .selectFrom('automation_rules')
          .selectAll()
          .where('project', '=', project)
          .where('name', '=', own)
          .executeTakeFirst()
        if (before?.spec === toJson(spec)) return toRule(before)
        const row = await change.db
          .insertInto('automation_rules')
          .values({
            project,
            name: own,
            spec: toJson(spec),
            state: 'active',
            failures: 0,
            last_fired: null,
            created_at: change.now,
            updated_at: change.now,
          })
          .onConflict((c) => c.columns(['project', 'name']).doUpdateSet({ spec: toJson(spec), updated_at: change.now }))
          .returningAll()
          .executeTakeFirstOrThrow()
        if (spec.cron !== undefined && spec.enabled)
          await jobs.schedule(change, {
            name: scheduleName(project, own),
            cron: spec.cron,
            ...(spec.timezone === undefined ? {} : { timezone: spec.timezone }),
            kind: tickJob,
            project,
            payload: { rule: own },
          })
        else await jobs.unschedule(change, scheduleName(project, own))
        change.append({ type: 'rule.declared', project, subject: `rule/${own}`, data: { rule: own, spec } })
        return toRule(row)
      })
    },
    get: (project: string, name: string): Promise<Rule> => findRule(store.read, project, name),
    async list(project: string): Promise<Rule[]> {
      const rows = await store.read
        .selectFrom('automation_rules')
        .selectAll()
        .where('project', '=', project)
        .orderBy('name')
        .execute()
      return rows.map(toRule)
    },
    /** Next time of each scheduled rule of a project, milliseconds. */
    async nextTimes(project: string): Promise<Map<string, number>> {
      const prefix = scheduleName(project, '')
      const rows = await store.read
        .selectFrom('job_schedules')
        .select(['name', 'next_at'])
        .where('kind', '=', tickJob)
        .where('project', '=', project)
        .execute()
      return new Map(rows.map((row) => [row.name.slice(prefix.length), row.next_at]))
    },
    remove: (context: ChangeContext, project: string, name: string): Promise<void> =>
      journal.change(context, async (change) => {
        const done = await change.db
          .deleteFrom('automation_rules')
          .where('project', '=', project)
          .where('name', '=', name)
          .executeTakeFirst()
        if (done.numDeletedRows === 0n) throw new KedgeError('not_found', { kind: 'Rule', name })
        await jobs.unschedule(change, scheduleName(project, name))
        change.append({ type: 'rule.removed', project, subject: `rule/${name}`, data: { rule: name } })
      }),
    /** Lets a rule go on that had stopped. */
    reset: (context: ChangeContext, project: string, name: string): Promise<void> =>
      journal.change(context, async (change) => {
        const rule = await findRule(change.db, project, name)
        if (rule.state !== 'tripped') throw new KedgeError('conflict', { what: `The rule ${name} has not stopped` })
        await change.db
          .updateTable('automation_rules')
          .set({ state: 'active', failures: 0 })
          .where('project', '=', project)
          .where('name', '=', name)
          .execute()
        change.append({ type: 'rule.reset', project, subject: `rule/${name}`, data: { rule: name } })
      }),
  }
}
