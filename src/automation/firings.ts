import type { Updateable } from 'kysely'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { Change } from '../journal/journal.ts'
import { toJson } from '../storage/sql/json-column.ts'
import type { AutomationTables } from '../storage/sql/tables/automation.ts'
import { type Firing, type FiringGate, toFiring } from './firing.ts'
import { obstacle } from './obstacle.ts'
import type { RuleCause } from './rule-cause.ts'
import { findRule, type Rule } from './rules.ts'

/** What rules need of the pipelines domain. */
export interface StartPipeline {
  start(
    change: Change,
    project: string,
    pipeline: string,
    options: { asOf?: number; params?: Record<string, string | number | boolean>; cause?: number; key?: string },
  ): Promise<{ id: number }>
}

/** Decides what a cause leads to, and follows what it has led to until its end. Everything happens in the caller's change. */
export function createFirings({ store }: Pick<Environment, 'store'>, pipelines: StartPipeline) {
  const set = (change: Change, id: number, columns: Updateable<AutomationTables['rule_firings']>) =>
    change.db.updateTable('rule_firings').set(columns).where('id', '=', id).execute()
  const finish = (change: Change, id: number, state: 'ignored' | 'succeeded' | 'failed', reason: string | null) =>
    set(change, id, { state, reason, finished_at: change.now })

  async function hold(change: Change, project: string, rule: string): Promise<Rule | undefined> {
    await change.lock(`rule/${project}/${rule}`)
    return findRule(change.db, project, rule).catch(() => undefined)
  }

  async function fire(
    change: Change,
    rule: Rule,
    firing: { id: number; subject: string; event: number | null; key: string },
    time: number,
    asOf: number | undefined,
  ) {
    const { project, name, spec } = rule
    const pipeline = spec.do.replace(/^run /, '')
    let run: { id: number }
    try {
      run = await pipelines.start(change, project, pipeline, {
        ...(asOf === undefined ? {} : { asOf }),
        params: spec.params,
        ...(firing.event === null ? {} : { cause: firing.event }),
        key: `rule/${name}/${firing.key}/${firing.id}`,
      })
    } catch (error) {
      // a pipeline or param that is no longer there: nothing was written by then
      if (!(error instanceof KedgeError) || !['not_found', 'invalid'].includes(error.class)) throw error
      await finish(change, firing.id, 'failed', error.message)
      await count(change, rule, error.message)
      return
    }
    await set(change, firing.id, { state: 'running', reason: null, pipeline_run: run.id, time })
    await change.db
      .updateTable('automation_rules')
      .set({ last_fired: time })
      .where('project', '=', project)
      .where('name', '=', name)
      .execute()
    change.append({
      type: 'rule.fired',
      project,
      subject: `rule/${name}`,
      data: {
        rule: name,
        firing: firing.id,
        on: spec.on,
        subject: firing.subject,
        pipeline,
        run: run.id,
        asOf: asOf ?? null,
      },
      ...(firing.event === null ? {} : { cause: firing.event }),
    })
  }

  /** One more retraining that led to nothing; too many in a row stop the rule. */
  async function count(change: Change, rule: Rule, reason: string) {
    const failures = rule.failures + 1
    const tripped = failures >= rule.spec.maxFailures
    await change.db
      .updateTable('automation_rules')
      .set({ failures, ...(tripped ? { state: 'tripped' as const } : {}) })
      .where('project', '=', rule.project)
      .where('name', '=', rule.name)
      .execute()
    if (tripped && rule.state !== 'tripped')
      change.append({
        type: 'rule.tripped',
        project: rule.project,
        subject: `rule/${rule.name}`,
        data: { rule: rule.name, failures, reason },
      })
  }

  async function settle(
    change: Change,
    firing: Firing,
    state: 'succeeded' | 'failed',
    reason: string | null,
    counts = true,
  ) {
    await finish(change, firing.id, state, reason)
    const rule = await hold(change, firing.project, firing.rule)
    if (!rule || !counts) return
    if (state === 'failed') await count(change, rule, reason ?? '')
    else
      await change.db
        .updateTable('automation_rules')
        .set({ failures: 0 })
        .where('project', '=', rule.project)
        .where('name', '=', rule.name)
        .execute()
  }

  async function settleByGates(change: Change, firing: Firing) {
    if (firing.gates.some((gate) => gate.result === 'waiting')) return
    const failed = firing.gates.filter((gate) => gate.result === 'failed')
    if (failed.length > 0)
      await settle(
        change,
        firing,
        'failed',
        `${failed.map((gate) => `${gate.model}@${gate.version}`).join(', ')} did not pass the gate`,
      )
    else
      await settle(
        change,
        firing,
        'succeeded',
        firing.gates.length > 0
          ? `${firing.gates.map((gate) => `${gate.model}@${gate.version}`).join(', ')} passed the gate`
          : null,
      )
  }

  const running = async (change: Change, project: string) =>
    (
      await change.db
        .selectFrom('rule_firings')
        .selectAll()
        .where('state', '=', 'running')
        .where('project', '=', project)
        .execute()
    ).map(toFiring)

  return {
    /** Looks at a cause, once: the rule fires, or the cause waits, or is left alone, with the reason. */
    async consider(change: Change, project: string, name: string, cause: RuleCause): Promise<void> {
      const rule = await hold(change, project, name)
      if (!rule) return
      const added = await change.db
        .insertInto('rule_firings')
        .values({
          project,
          rule: name,
          cause_key: cause.key,
          cause: cause.event ?? null,
          subject: cause.subject,
          time: cause.time,
          state: 'waiting',
          reason: null,
          pipeline_run: null,
          gates: '[]',
          created_at: change.now,
          finished_at: null,
        })
        .onConflict((c) => c.columns(['project', 'rule', 'cause_key']).doNothing())
        .returning('id')
        .executeTakeFirst()
      if (!added) return
      const why = await obstacle(change.db, rule, cause.time)
      if (!why)
        return fire(
          change,
          rule,
          { id: added.id, subject: cause.subject, event: cause.event ?? null, key: cause.key },
          cause.time,
          cause.asOf,
        )
      // the next tick of a schedule comes by itself
      if (!why.wait || rule.spec.on === 'schedule') await finish(change, added.id, 'ignored', why.reason)
      else {
        await set(change, added.id, { reason: why.reason })
        await change.db
          .updateTable('rule_firings')
          .set({ state: 'ignored', reason: `a newer cause waits: ${cause.subject}`, finished_at: change.now })
          .where('project', '=', project)
          .where('rule', '=', name)
          .where('state', '=', 'waiting')
          .where('id', '<', added.id)
          .execute()
      }
    },

    /** Firings that wait, of all projects. */
    waiting: async (): Promise<Firing[]> =>
      (
        await store.read.selectFrom('rule_firings').selectAll().where('state', '=', 'waiting').orderBy('id').execute()
      ).map(toFiring),

    /** Whether looking again at a cause that waits would change nothing; costs no write. */
    async stillBlocked(firing: Firing, now: { time: number } | undefined): Promise<boolean> {
      if (!now) return false
      const rule = await findRule(store.read, firing.project, firing.rule).catch(() => undefined)
      const why = rule && (await obstacle(store.read, rule, now.time))
      return why?.wait === true && why.reason === firing.reason
    },

    /** Looks again at a cause that waits. `now`: how far its time has come; undefined: the cause has passed. */
    async reconsider(change: Change, id: number, now: { time: number; asOf?: number } | undefined): Promise<void> {
      const row = await change.db
        .selectFrom('rule_firings')
        .selectAll()
        .where('id', '=', id)
        .where('state', '=', 'waiting')
        .executeTakeFirst()
      if (!row) return
      const rule = await hold(change, row.project, row.rule)
      if (!rule) return void (await finish(change, id, 'ignored', 'the rule was removed'))
      if (!now) return void (await finish(change, id, 'ignored', 'what caused it was over before the rule could fire'))
      const why = await obstacle(change.db, rule, now.time)
      if (!why)
        return fire(
          change,
          rule,
          { id, subject: row.subject, event: row.cause, key: row.cause_key },
          now.time,
          now.asOf,
        )
      if (!why.wait) await finish(change, id, 'ignored', why.reason)
      else if (why.reason !== row.reason) await set(change, id, { reason: why.reason })
    },

    /** A model version came out of a firing's run, whose gate will decide. */
    async gateAwaited(
      change: Change,
      project: string,
      pipelineRun: number,
      model: string,
      version: number,
    ): Promise<void> {
      const firing = (await running(change, project)).find((one) => one.pipelineRun === pipelineRun)
      if (firing)
        await set(change, firing.id, {
          gates: toJson([...firing.gates, { model, version, result: 'waiting' } satisfies FiringGate]),
        })
    },

    async gateDecided(
      change: Change,
      project: string,
      model: string,
      version: number,
      result: 'passed' | 'failed',
    ): Promise<void> {
      for (const firing of await running(change, project)) {
        if (!firing.gates.some((gate) => gate.model === model && gate.version === version)) continue
        const gates = firing.gates.map((gate) =>
          gate.model === model && gate.version === version ? { ...gate, result } : gate,
        )
        await set(change, firing.id, { gates: toJson(gates) })
        await settleByGates(change, { ...firing, gates })
      }
    },

    async runFinished(
      change: Change,
      project: string,
      pipelineRun: number,
      state: 'succeeded' | 'failed' | 'cancelled',
      message: string | null,
    ): Promise<void> {
      const firing = (await running(change, project)).find((one) => one.pipelineRun === pipelineRun)
      if (!firing) return
      if (state === 'succeeded') await settleByGates(change, firing)
      // that a person stopped it says nothing about the rule
      else await settle(change, firing, 'failed', message, state === 'failed')
    },
  }
}
