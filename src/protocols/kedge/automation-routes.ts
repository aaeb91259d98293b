import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Automation } from '../../automation/automation.ts'
import type { DeclaredChannel } from '../../automation/channels.ts'
import type { Firing } from '../../automation/firing.ts'
import type { Rule } from '../../automation/rules.ts'
import { page, route } from '../route.ts'
import { channelAnswer, channelKind, deliveryAnswer, firingAnswer, ruleAnswer } from './schemas/automation.ts'

const inProject = z.object({ project: z.string() })
const ofRule = inProject.extend({ rule: z.string() })
const ofChannel = inProject.extend({ channel: z.string() })
const declaration = z.object({ spec: z.unknown().describe('as in kedge.yaml') })
const base = '/api/v1/projects/:project'
const tag = 'automation'

const shownFiring = ({ project: _, ...rest }: Firing) => rest
/** An address may hold what only the receiver should know. */
const shownChannel = ({ name, kind, spec, createdAt, updatedAt }: DeclaredChannel) => {
  const url = typeof spec.url === 'string' ? { url: `${new URL(spec.url).origin}/…` } : {}
  return { name, kind, spec: { ...spec, ...url }, hasSecret: spec.secret !== undefined, createdAt, updatedAt }
}

/** Rules, what they did and why, channels and what was delivered. */
export function automationRoutes(app: FastifyInstance, { automation }: { automation: Automation }): void {
  const { rules, firings, channels, deliveries } = automation
  const shownRule = (rule: Rule, nextTimes: Map<string, number>) => ({
    name: rule.name,
    spec: rule.spec,
    state: rule.spec.enabled ? rule.state : ('disabled' as const),
    failures: rule.failures,
    lastFired: rule.lastFired,
    nextAt: nextTimes.get(rule.name) ?? null,
    createdAt: rule.createdAt,
    updatedAt: rule.updatedAt,
  })

  route(app, {
    method: 'GET',
    url: `${base}/rules`,
    permission: 'read',
    summary: 'Lists the automation rules of a project',
    tag,
    params: inProject,
    answer: z.object({ items: z.array(ruleAnswer) }),
    async handler({ params }) {
      const next = await rules.nextTimes(params.project)
      return { items: (await rules.list(params.project)).map((rule) => shownRule(rule, next)) }
    },
  })
  route(app, {
    method: 'PUT',
    url: `${base}/rules/:rule`,
    permission: 'project.write',
    summary: 'Declares or changes an automation rule',
    tag,
    params: ofRule,
    body: declaration,
    answer: ruleAnswer,
    handler: async ({ params, body, actor }) =>
      shownRule(
        await rules.put({ actor }, params.project, params.rule, body.spec),
        await rules.nextTimes(params.project),
      ),
  })
  route(app, {
    method: 'DELETE',
    url: `${base}/rules/:rule`,
    permission: 'project.write',
    summary: 'Removes an automation rule; what it did stays',
    tag,
    params: ofRule,
    answer: z.object({}),
    async handler({ params, actor }) {
      await rules.remove({ actor }, params.project, params.rule)
      return {}
    },
  })
  route(app, {
    method: 'POST',
    url: `${base}/rules/:rule/reset`,
    permission: 'project.write',
    summary: 'Lets a rule go on that has stopped after too many failures',
    tag,
    params: ofRule,
    answer: ruleAnswer,
    async handler({ params, actor }) {
      await rules.reset({ actor }, params.project, params.rule)
      return shownRule(await rules.get(params.project, params.rule), await rules.nextTimes(params.project))
    },
  })
  route(app, {
    method: 'GET',
    url: `${base}/firings`,
    permission: 'read',
    summary: 'Lists what rules looked at, newest first: the cause, whether they fired or why not, and what came of it',
    tag,
    params: inProject,
    query: page.extend({ rule: z.string().optional(), state: firingAnswer.shape.state.optional() }),
    answer: z.object({ items: z.array(firingAnswer), total: z.number() }),
    async handler({ params, query }) {
      const { items, total } = await firings.list(params.project, query)
      return { items: items.map(shownFiring), total }
    },
  })

  route(app, {
    method: 'GET',
    url: '/api/v1/channel-kinds',
    permission: 'read',
    summary: 'Kinds of channels that there are',
    tag,
    answer: z.object({ items: z.array(channelKind) }),
    handler: async () => ({
      items: channels.kinds.map(({ kind, title, settings }) => ({
        kind,
        title,
        settings: z.toJSONSchema(settings, { io: 'input' }),
      })),
    }),
  })
  route(app, {
    method: 'GET',
    url: `${base}/channels`,
    permission: 'read',
    summary: 'Lists the channels of a project',
    tag,
    params: inProject,
    answer: z.object({ items: z.array(channelAnswer) }),
    handler: async ({ params }) => ({ items: (await channels.list(params.project)).map(shownChannel) }),
  })
  route(app, {
    method: 'PUT',
    url: `${base}/channels/:channel`,
    permission: 'project.write',
    summary: 'Declares or changes a channel',
    tag,
    params: ofChannel,
    body: declaration,
    answer: channelAnswer,
    handler: async ({ params, body, actor }) =>
      shownChannel(await channels.put({ actor }, params.project, params.channel, body.spec)),
  })
  route(app, {
    method: 'DELETE',
    url: `${base}/channels/:channel`,
    permission: 'project.write',
    summary: 'Removes a channel',
    tag,
    params: ofChannel,
    answer: z.object({}),
    async handler({ params, actor }) {
      await channels.remove({ actor }, params.project, params.channel)
      return {}
    },
  })
  route(app, {
    method: 'POST',
    url: `${base}/channels/:channel/test`,
    permission: 'project.write',
    summary: 'Sends a test over a channel',
    tag,
    params: ofChannel,
    answer: deliveryAnswer,
    status: 202,
    handler: ({ params, actor }) => deliveries.test({ actor }, params.project, params.channel),
  })
  route(app, {
    method: 'GET',
    url: `${base}/deliveries`,
    permission: 'read',
    summary: 'Lists deliveries over channels, newest first',
    tag,
    params: inProject,
    query: page.extend({ channel: z.string().optional(), state: deliveryAnswer.shape.state.optional() }),
    answer: z.object({ items: z.array(deliveryAnswer), total: z.number() }),
    handler: ({ params, query }) => deliveries.list(params.project, query),
  })
  route(app, {
    method: 'GET',
    url: `${base}/deliveries/:delivery`,
    permission: 'read',
    summary: 'Shows a delivery',
    tag,
    params: inProject.extend({ delivery: z.string() }),
    answer: deliveryAnswer,
    handler: ({ params }) => deliveries.get(params.project, params.delivery),
  })
}
