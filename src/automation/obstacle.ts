import type { Change } from '../journal/journal.ts'
import type { Rule } from './rules.ts'

/** Why the rule may not fire now, if so; `wait`: it may later. */
export async function obstacle(
  db: Change['db'],
  rule: Rule,
  time: number,
): Promise<{ reason: string; wait: boolean } | undefined> {
  if (!rule.spec.enabled) return { reason: 'the rule is switched off', wait: false }
  if (rule.state === 'tripped')
    return { reason: `the rule has stopped after ${rule.failures} failures; a person must reset it`, wait: true }
  const running = await db
    .selectFrom('rule_firings')
    .select(['id', 'pipeline_run'])
    .where('project', '=', rule.project)
    .where('rule', '=', rule.name)
    .where('state', '=', 'running')
    .executeTakeFirst()
  if (running)
    return { reason: `pipeline run ${running.pipeline_run} of this rule has not come to its end`, wait: true }
  if (rule.lastFired !== null && time < rule.lastFired + rule.spec.cooldown)
    return {
      reason: `within the cooldown, which ends ${new Date(rule.lastFired + rule.spec.cooldown).toISOString()}`,
      wait: true,
    }
  return undefined
}
