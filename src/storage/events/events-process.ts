/**
 * The events process: chDB behind ClickHouse's HTTP interface. Its first line of stdin is a JSON object with the options of
 * `EngineProcessOptions`; it answers with one JSON line on stdout. It lives as long as its stdin is open: a line "stop" ends it
 * in order, the end of stdin (its parent died) at once.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createEngineServer, type EngineOptions } from './engine-server.ts'

export interface EngineProcessOptions extends EngineOptions {
  host: string
  port: number
}

/** What the process says on stdout. */
export type EngineProcessAnswer =
  | { state: 'ready'; port: number; pid: number; version: string }
  | { state: 'in use'; pid?: number }
  | { state: 'failed'; why: string }

const say = (answer: EngineProcessAnswer) => process.stdout.write(`${JSON.stringify(answer)}\n`)

// what was acknowledged is on disk, so there is nothing to wait for
const die = () => process.kill(process.pid, 'SIGKILL')

/** The process that holds the engine's lock: chDB says only that it could not open the directory. */
function ownerOf(directory: string): number | undefined {
  try {
    const pid = Number(/PID: (\d+)/.exec(readFileSync(join(directory, 'status'), 'utf8'))?.[1])
    process.kill(pid, 0)
    return pid === process.pid ? undefined : pid
  } catch {
    return undefined
  }
}

async function start(options: EngineProcessOptions) {
  const engine = createEngineServer(options)
  try {
    const port = await engine.listen(options.host, options.port)
    say({ state: 'ready', port, pid: process.pid, version: engine.version() })
    return engine
  } catch (error) {
    const owner = ownerOf(options.directory)
    say(
      owner
        ? { state: 'in use', pid: owner }
        : { state: 'failed', why: error instanceof Error ? error.message : String(error) },
    )
    process.exitCode = 1
    return undefined
  }
}

// a terminal's interrupt reaches the whole process group; the parent decides when this process ends
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})

let engine: Promise<ReturnType<typeof createEngineServer> | undefined> | undefined
let stopping = false
const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => {
  if (!engine) {
    engine = start(JSON.parse(line) as EngineProcessOptions)
    void engine.then((started) => started ?? process.exit(1))
  } else if (line === 'stop' && !stopping) {
    stopping = true
    void engine.then((started) => started?.close()).finally(() => process.exit(0))
  }
})
lines.on('close', () => {
  if (!stopping) die()
})
