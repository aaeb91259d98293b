import { z } from 'zod'
import { event } from '../event.ts'

const issue = z.object({ issue: z.string(), name: z.string(), status: z.string() })
const schema = z.object({ schema: z.string(), name: z.string() })
const queue = z.object({ queue: z.string(), name: z.string() })

export const reviewEvents = {
  'issue.created': event('An issue with traces was recorded', issue),
  'issue.changed': event('An issue with traces changed', issue),
  'label_schema.created': event('A question for reviewers was made', schema),
  'label_schema.changed': event('A question for reviewers changed', schema),
  'label_schema.deleted': event('A question for reviewers was deleted', schema),
  'review_queue.created': event('A queue of traces to be reviewed was made', queue),
  'review_queue.changed': event('A queue of traces to be reviewed changed, or what is in it', queue),
  'review_queue.deleted': event('A queue of traces to be reviewed was deleted', queue),
  'review_item.decided': event(
    'A trace in a queue was reviewed, declined, or opened again',
    queue.extend({ item: z.string(), status: z.string(), by: z.string().nullable() }),
  ),
}
