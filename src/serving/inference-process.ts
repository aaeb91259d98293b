/**
 * The inference process: composes an inference node with its listeners. Everything comes from the environment (the secret
 * must not stand in arguments); with a parent it says on the IPC channel where it listens.
 */
import { writeFileSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { runtimes } from '../adapters/runtimes/index.generated.ts'
import { createLog } from '../log.ts'
import { createDoor } from '../protocols/inference/door.ts'
import { startInferenceListener } from '../protocols/inference/http-listener.ts'
import { version } from '../version.ts'
import { createExplainAnswers } from './explain/explain-answers.ts'
import { createExplainAside } from './explain/explain-aside.ts'
import { awaitAdoption } from './foster-parent.ts'
import { createControlClient } from './inference/control-client.ts'
import { startInferenceNode } from './inference/inference-node.ts'
import { createModelStore } from './inference/model-store.ts'
import { createPseudonyms } from './inference/pseudonyms.ts'
import { rememberAnswers } from './inference/remember-answers.ts'
import { inferenceSettings, processFile, type RunningInference } from './inference-settings.ts'
import { openFilesLimit } from './open-files-limit.ts'

const settings = inferenceSettings.parse(JSON.parse(process.env.KEDGE_INFERENCE ?? '{}'))
const secret = process.env.KEDGE_INTERNAL_SECRET ?? ''
delete process.env.KEDGE_INTERNAL_SECRET
const log = createLog(settings.logLevel).child({ part: 'inference' })
const clock = () => Date.now()

const control = createControlClient(settings.control, secret)
const node = await startInferenceNode({
  directory: settings.directory,
  node: settings.node ?? `${hostname()}:${process.pid}`,
  control,
  runtimes,
  pseudonyms: createPseudonyms(secret),
  log,
  clock,
  ...(settings.spoolBytes ? { spoolBytes: settings.spoolBytes } : {}),
  ...(settings.modelMemory ? { modelMemory: settings.modelMemory } : {}),
  ...(settings.modelIdle ? { modelIdle: settings.modelIdle } : {}),
})
const authorize = settings.auth === 'token' ? rememberAnswers(control.mayPredict, clock) : undefined
const explaining = createExplainAnswers({
  aside: createExplainAside({ print: (line) => log.info({ line }, 'the process that explains says') }),
  // the node has fetched what it serves
  store: createModelStore(join(settings.directory, 'models'), control),
  control,
  directory: join(settings.directory, 'explain'),
  clock,
})
const door = createDoor({ authorize, clock })
const listening = { node, host: settings.host, log, clock, version, door, explaining }
// control died while this was starting: the next one starts its own, which must find the spool and the ports free
const parentIsGone = () => process.connected === false
if (parentIsGone()) process.exit(0)
const start = async () => {
  const first = await startInferenceListener({
    ...listening,
    port: settings.httpPort,
    // models, the spool and control need files too, however many callers hold connections open
    mostConnections: Math.floor(0.75 * openFilesLimit()),
    allowedHosts: new Set(settings.allowedHosts),
  })
  // after the first listener answers: loading this one takes a moment
  const { startGrpcListener } = await import('../protocols/open-inference/grpc-listener.ts')
  return [first, await startGrpcListener({ ...listening, port: settings.grpcPort })]
}
const [http, grpc] = await start().catch((error: Error) => {
  log.error({ err: error }, 'the inference process cannot listen')
  process.send?.({ kind: 'failed', message: error.message })
  process.exit(78)
})
const addresses = { http: http!.address, grpc: grpc!.address }
node.listening(addresses)
log.info(addresses, 'predictions are served')
if (process.send)
  writeFileSync(
    join(settings.directory, processFile),
    JSON.stringify({
      ...{ pid: process.pid, boot: node.boot, likeness: settings.likeness },
      ...addresses,
    } satisfies RunningInference),
  )
// a parent that has died meanwhile is told nothing
process.send?.({ kind: 'listening', ...addresses, boot: node.boot }, undefined, undefined, () => {})

// the next start, after a kill too, finds its code compiled
setTimeout(flushCompileCache, 1000).unref()

let stopping = false
async function stop() {
  if (stopping) return
  stopping = true
  await Promise.all([http!.stop(), grpc!.stop()])
  await explaining.close()
  await node.stop()
  await control.close()
  process.exit(0)
}
process.on('SIGTERM', () => void stop())
process.on('SIGINT', () => void stop())
// the parent died: go on serving until its successor comes, but not for ever
let alone: NodeJS.Timeout | undefined
function orphaned() {
  log.warn('control is gone; serving goes on')
  alone = setTimeout(() => void stop(), settings.orphanTime).unref()
}
if (process.send)
  awaitAdoption(settings.directory, {
    isOrphan: () => parentIsGone() && !stopping,
    adopted: () => {
      clearTimeout(alone)
      log.info('the next control process has taken over')
    },
    left: orphaned,
  })
if (parentIsGone()) orphaned()
else process.on('disconnect', orphaned)
