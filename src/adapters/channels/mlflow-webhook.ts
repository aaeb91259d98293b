import { z } from 'zod'
import { defineChannel } from '../../contracts/channel.ts'
import { secretReference } from '../../contracts/source.ts'
import { postTo } from './post-to.ts'
import { signature } from './webhook.ts'

/**
 * Posts events in the form of MLflow's webhooks (mlflow/webhooks/delivery.py): the type of the message is MLflow's
 * `entity.action`. Made through MLflow's API, not declared.
 */
export const mlflowWebhook = defineChannel({
  kind: 'mlflow-webhook',
  title: "An HTTP POST in the form of MLflow's webhooks",
  settings: z.strictObject({
    kind: z.literal('mlflow-webhook'),
    url: z.url({ protocol: /^https?$/ }),
    secret: secretReference.optional(),
  }),
  deliver(message, { url, secret: key }, environment) {
    return postTo(url, environment, async () => {
      const { event, deliveryId } = message
      const [entity, action] = event.type.split('.')
      const timestamp = new Date(event.time).toISOString().replace('Z', '+00:00')
      const body = JSON.stringify({ entity, action, timestamp, data: event.data })
      const seconds = Math.floor(message.time / 1000)
      return {
        headers: {
          'x-mlflow-delivery-id': deliveryId,
          'x-mlflow-timestamp': String(seconds),
          ...(key ? { 'x-mlflow-signature': signature(await environment.secret(key), deliveryId, seconds, body) } : {}),
        },
        body,
      }
    })
  },
})
