import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { KedgeError } from '../../errors.ts'
import type { ControlClient } from '../inference/control-client.ts'
import { modelSample, shippedSample } from '../inference/model-sample.ts'
import type { ModelStore } from '../inference/model-store.ts'
import type { ServedEndpoint, ServedRevision } from '../inference/served-endpoint.ts'
import type { ExplainAside } from './explain-aside.ts'
import type { Explanations, Instance } from './explanation.ts'

/** Explains what an inference process answered, with the models that it serves. */
export interface ExplainAnswers {
  /** As that of `ExplainAside`. */
  enter(): () => void
  /** Errors: those of `ExplainAside`; `unavailable` when the reference is not here and control is away. */
  explain(
    endpoint: ServedEndpoint,
    revision: ServedRevision,
    instances: Instance[],
    options: { method?: string | undefined; timeout: number },
  ): Promise<Explanations>
  close(): Promise<void>
}

export interface ExplainAnswersOptions {
  aside: ExplainAside
  store: Pick<ModelStore, 'folder'>
  control: Pick<ControlClient, 'background'>
  /** where reference rows are kept, for when control is away */
  directory: string
}

const kept = z.object({ instances: modelSample.shape.instances })

export function createExplainAnswers({ aside, store, control, directory }: ExplainAnswersOptions): ExplainAnswers {
  const known = new Map<string, Promise<Instance[]>>()

  async function load(project: string, { model, version, artifact }: ServedRevision, folder: string) {
    const file = join(directory, `${artifact}-${version}.json`)
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text !== undefined) return kept.parse(JSON.parse(text)).instances
    const found = (await control.background(project, model, version)) ?? (await shippedSample(folder))?.instances
    // a version may get its reference later: nothing is no answer to keep
    if (!found || found.length === 0) return undefined
    await mkdir(directory, { recursive: true })
    await writeFile(`${file}.new`, JSON.stringify({ instances: found }))
    await rename(`${file}.new`, file)
    return found
  }

  function backgroundOf(project: string, revision: ServedRevision, folder: string): Promise<Instance[]> {
    const key = `${project}/${revision.artifact}/${revision.version}`
    let found = known.get(key)
    if (!found) {
      const loading = load(project, revision, folder)
      found = loading.then((instances) => instances ?? [])
      known.set(key, found)
      loading.then(
        (instances) => instances || known.delete(key),
        () => known.delete(key),
      )
    }
    return found
  }

  return {
    enter: aside.enter,
    async explain({ project }, revision, instances, { method, timeout }) {
      if (!revision.reader)
        throw new KedgeError('unsupported', {
          what: 'Explaining predictions of a model that does not name its features',
        })
      const { kind, artifact } = revision
      const folder = await store.folder(artifact)
      const background = await backgroundOf(project, revision, folder)
      return aside.explain({ model: { kind, artifact, folder }, background, instances, method, timeout })
    },
    close: aside.close,
  }
}
