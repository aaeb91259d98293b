import process from 'node:process'
import { runCli } from './program.ts'

const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    // the second time the user means it
    if (interrupted.signal.aborted) process.exit(130)
    interrupted.abort()
  })
if (process.env.KEDGE_WRAPPED && process.channel) {
  process.channel.unref()
  process.on('disconnect', () => interrupted.abort())
}
// `kedge journal | head` closes the pipe early, which is no mistake
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

process.exitCode = await runCli(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  environment: process.env,
  cwd: process.cwd(),
  signal: interrupted.signal,
})
// connections that are kept open for the next request would hold the process; what was said may be on its way into a pipe
if (process.argv[2] !== 'serve' && process.argv[2] !== 'loop') process.stdout.write('', () => process.exit())
