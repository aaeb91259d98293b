import { createHmac } from 'node:crypto'
import { isIP } from 'node:net'
import { Agent, fetch } from 'undici'
import { z } from 'zod'
import { type ChannelMessage, defineChannel } from '../../contracts/channel.ts'
import { secretReference } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'

const address = z.url({ protocol: /^https?$/ })
const patience = 10_000

const settings = z.strictObject({
  kind: z.literal('webhook'),
  url: z.union([address, secretReference]).meta({ description: 'http or https address, or the secret that holds it' }),
  secret: secretReference.optional().meta({ description: 'key of the signature in X-Kedge-Signature' }),
})

/** `v1,` and the base64 HMAC-SHA256 over `deliveryId.seconds.body`: the scheme of MLflow's webhooks. */
export const signature = (key: string, deliveryId: string, seconds: number, body: string): string =>
  `v1,${createHmac('sha256', key).update(`${deliveryId}.${seconds}.${body}`).digest('base64')}`

const bodyOf = ({ deliveryId, project, channel, event }: ChannelMessage) =>
  JSON.stringify({ deliveryId, project, channel, event })

/** The connection goes to the address that was checked, whatever the name says then. */
const agentTo = (ip: string) =>
  new Agent({
    headersTimeout: patience,
    bodyTimeout: patience,
    connect: {
      timeout: patience,
      lookup: (_, options, done) =>
        options.all ? done(null, [{ address: ip, family: isIP(ip) }]) : done(null, ip, isIP(ip)),
    },
  })

export default defineChannel({
  kind: 'webhook',
  title: 'An HTTP POST of each event as JSON, signed; redirects are not followed',
  settings,
  async deliver(message, { url: given, secret: key }, { checkedHost, secret, signal }) {
    let agent: Agent | undefined
    try {
      const url = new URL(typeof given === 'string' ? given : address.parse(await secret(given)))
      agent = agentTo(await checkedHost(url.hostname))
      const body = bodyOf(message)
      const seconds = Math.floor(message.time / 1000)
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'manual',
        dispatcher: agent,
        signal: AbortSignal.any([signal, AbortSignal.timeout(patience * 2)]),
        headers: {
          'content-type': 'application/json',
          'user-agent': 'kedge',
          'x-kedge-delivery-id': message.deliveryId,
          'x-kedge-timestamp': String(seconds),
          'x-kedge-event': message.event.type,
          ...(key ? { 'x-kedge-signature': signature(await secret(key), message.deliveryId, seconds, body) } : {}),
        },
        body,
      })
      await response.body?.cancel()
      const { status } = response
      if (status >= 200 && status < 300) return { delivered: true, status }
      if (status >= 300 && status < 400)
        return {
          delivered: false,
          status,
          again: false,
          reason: `it redirects (status ${status}), which is not followed`,
        }
      return { delivered: false, status, again: status !== 410, reason: `it answers with status ${status}` }
    } catch (error) {
      if (signal.aborted) throw error
      if (error instanceof z.ZodError)
        return { delivered: false, again: false, reason: 'the secret with its address holds no http or https address' }
      if (error instanceof KedgeError)
        return { delivered: false, again: error.class === 'unavailable', reason: `${error.message}. ${error.todo}` }
      const cause = (error as { cause?: { code?: string } } | null)?.cause
      return {
        delivered: false,
        reason:
          cause?.code ??
          ((error as Error).name === 'TimeoutError' ? 'it did not answer in time' : 'the connection failed'),
      }
    } finally {
      await agent?.destroy()
    }
  },
})
