import { createHmac } from 'node:crypto'
import { z } from 'zod'
import { type ChannelMessage, defineChannel } from '../../contracts/channel.ts'
import { secretReference } from '../../contracts/source.ts'
import { postTo } from './post-to.ts'

const address = z.url({ protocol: /^https?$/ })

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

export default defineChannel({
  kind: 'webhook',
  title: 'An HTTP POST of each event as JSON, signed; redirects are not followed',
  settings,
  deliver(message, { url, secret: key }, environment) {
    return postTo(url, environment, async () => {
      const body = bodyOf(message)
      const seconds = Math.floor(message.time / 1000)
      return {
        headers: {
          'x-kedge-delivery-id': message.deliveryId,
          'x-kedge-timestamp': String(seconds),
          'x-kedge-event': message.event.type,
          ...(key
            ? { 'x-kedge-signature': signature(await environment.secret(key), message.deliveryId, seconds, body) }
            : {}),
        },
        body,
      }
    })
  },
})
