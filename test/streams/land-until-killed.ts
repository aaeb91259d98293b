// Reads the declared streams of a directory and says when each is connected; is killed in the middle.
import { openStreams } from './stand.ts'

const stand = await openStreams({ directory: process.argv[2]! })
for (;;) {
  const states = await stand.streams.list()
  if (states.length > 0 && states.every(({ connection, node, at }) => connection === 'connected' && node && at)) break
  await new Promise((done) => setTimeout(done, 20))
}
process.stdout.write('connected\n')
