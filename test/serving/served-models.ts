import { mkdir, writeFile } from 'node:fs/promises'
import type { EndpointSpecInput, ReleaseStrategy } from '../../src/serving/endpoint-spec.ts'
import type { InferenceSupervisor } from '../../src/serving/inference-supervisor.ts'
import { putFolder } from '../../src/storage/blobs/folder.ts'
import { meanModel, writeIdentityModel } from './identity-model.ts'
import {
  type Control,
  type ControlOptions,
  eventually,
  type Recorded,
  startControl,
  startInference,
  temporaryDirectory,
} from './stand.ts'

const user = { actor: 'user/test' }

export interface ServedModels {
  control: Control
  inference: InferenceSupervisor
  /** Waits until such a row is on record. */
  recordedOf(is: (row: Recorded) => boolean): Promise<Recorded>
  stop(): Promise<void>
}

/** The endpoint `delay` with that spec, answered by the model delay and shadowed by the model shadowed; both are delay-1. */
export async function serveDelayShadowed(
  { version, serving }: Control,
  { spec = {}, strategy }: { spec?: Partial<EndpointSpecInput>; strategy?: ReleaseStrategy } = {},
): Promise<void> {
  for (const name of ['delay', 'shadowed']) await version(name, 'delay-1')
  await serving.endpoints.put(user, 'default', 'delay', { model: 'delay', ...spec })
  await serving.deploy(user, 'default', { name: 'delay', model: 'delay/1' })
  await serving.releases.start(user, 'default', 'delay', {
    model: 'shadowed',
    version: 1,
    ...(strategy && { strategy }),
  })
  await eventually(
    async () => (await serving.endpoints.get('default', 'delay')).traffic.some((one) => one.shadow),
    'the shadow',
  )
}

/** Control and an inference process with an endpoint for each name, serving that fixture (or `identity`, or `mean-DATATYPE`, see there). */
export async function serveModels(
  models: Record<string, string>,
  more: { specs?: Record<string, Partial<EndpointSpecInput>>; control?: ControlOptions; inference?: object } = {},
): Promise<ServedModels> {
  const directory = await temporaryDirectory()
  const control = await startControl(`${directory.path}/control`, more.control)
  const inference = await startInference(control.address, `${directory.path}/inference`, more.inference)
  for (const [name, fixture] of Object.entries(models)) {
    const [, mean] = /^mean-(\w+)$/.exec(fixture) ?? []
    if (fixture === 'identity' || mean) {
      const folder = `${directory.path}/${fixture}`
      if (mean) {
        await mkdir(folder)
        await writeFile(`${folder}/model.onnx`, meanModel(mean as 'BF16'))
      } else await writeIdentityModel(folder)
      const { digest, bytes } = await putFolder(control.environment.blobs, folder)
      await control.registry.models.ensure(user, 'default', name)
      const artifact = { digest, kind: 'onnx' as const, bytes }
      await control.registry.versions.create(user, 'default', name, { artifact, datasetVersions: [] })
    } else await control.version(name, fixture)
    await control.serving.endpoints.put(user, 'default', name, { model: name, ...more.specs?.[name] })
    await control.serving.deploy(user, 'default', { name, model: `${name}/1` })
  }
  return {
    control,
    inference,
    recordedOf: (is) => eventually(() => control.recorded.find(is), 'the record'),
    async stop() {
      await inference.stop()
      await control.stop()
      await directory.remove()
    },
  }
}
