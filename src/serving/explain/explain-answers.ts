import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { KedgeError } from '../../errors.ts'
import type { ControlClient } from '../inference/control-client.ts'
import { shippedSample } from '../inference/model-sample.ts'
import type { ModelStore } from '../inference/model-store.ts'
import type { ServedEndpoint, ServedRevision } from '../inference/served-endpoint.ts'
import type { ExplainAside } from './explain-aside.ts'
import { type BackgroundRows, backgroundRows, type Explanations, type Instance } from './explanation.ts'

/** Explains what an inference process answered, with the models that it serves. */
export interface ExplainAnswers {
  /** As that of `ExplainAside`. */
  enter(): () => void
  /** Errors: those of `ExplainAside`; `unavailable` when the rows to average over are not here and control is away. */
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
  /** where rows of references are kept, for when control is away */
  directory: string
  clock: () => number
}

/** milliseconds after which control is asked again for what is not a reference: there may be one now */
const stale = 600_000

export function createExplainAnswers({
  aside,
  store,
  control,
  directory,
  clock,
}: ExplainAnswersOptions): ExplainAnswers {
  const known = new Map<string, { at: number; rows: Promise<BackgroundRows | undefined> }>()

  async function load(project: string, { model, version, artifact }: ServedRevision, folder: string) {
    const file = join(directory, `${artifact}-${version}.json`)
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text !== undefined) return backgroundRows.parse(JSON.parse(text))
    const found = await control.background(project, model, version)
    if (!found) {
      const shipped = await shippedSample(folder)
      return shipped && { origin: 'model folder' as const, instances: shipped.instances }
    }
    if (found.origin !== 'reference') return found
    await mkdir(directory, { recursive: true })
    await writeFile(`${file}.new`, JSON.stringify(found))
    await rename(`${file}.new`, file)
    return found
  }

  async function backgroundOf(project: string, revision: ServedRevision, folder: string) {
    const key = `${project}/${revision.artifact}/${revision.version}`
    let found = known.get(key)
    if (!found || clock() - found.at > stale) {
      found = { at: clock(), rows: load(project, revision, folder) }
      known.set(key, found)
      found.rows.then(
        (rows) => rows || known.delete(key),
        () => known.delete(key),
      )
    }
    return found.rows
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
