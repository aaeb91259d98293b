import type { ServerDuplexStream } from '@grpc/grpc-js'

/** answers that may be on their way in one stream; further requests wait in the network */
const inFlight = 64

/** Answers each message of a stream in the order of the messages, no faster than the caller reads. */
export function answerStream<Request, Answer>(
  call: ServerDuplexStream<Request, Answer>,
  answer: (request: Request) => Promise<Answer>,
): void {
  let last = Promise.resolve()
  let waiting = 0
  let over = false
  const drained = () =>
    new Promise<void>((resolve) => {
      const events = ['drain', 'cancelled', 'close'] as const
      const done = () => {
        for (const event of events) call.off(event, done)
        resolve()
      }
      for (const event of events) call.on(event, done)
    })
  call.on('cancelled', () => {
    over = true
  })
  call.on('data', (request: Request) => {
    if (++waiting >= inFlight) call.pause()
    const answered = answer(request)
    last = last.then(async () => {
      const value = await answered
      if (!over && !call.write(value) && !over) await drained()
      if (--waiting < inFlight) call.resume()
    })
  })
  call.on('end', () => void last.then(() => call.end()))
  call.on('error', () => {})
}
