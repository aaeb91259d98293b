import type { LoadedModel, ModelRuntime } from '../../contracts/model-runtime.ts'
import { KedgeError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { ModelStore } from './model-store.ts'

export interface LoadedModels {
  /** Loaded and warmed; the same artifact is loaded once. Errors: `model_unloadable`, `unavailable`. */
  get(kind: string, artifact: string): Promise<LoadedModel>
  /** Closes all others, once what runs in them has had time to end. */
  keep(models: ReadonlySet<LoadedModel>): void
  close(): Promise<void>
}

const warmUps = 3
const grace = 5000

/** The models in this process's memory. */
export function createLoadedModels(store: ModelStore, runtimes: readonly ModelRuntime[], log: Logger): LoadedModels {
  const loaded = new Map<string, Promise<LoadedModel>>()

  async function load(kind: string, artifact: string): Promise<LoadedModel> {
    const runtime = runtimes.find((candidate) => candidate.kind === kind)
    if (!runtime)
      throw new KedgeError('model_unloadable', { what: `this inference process has no runtime for ${kind}` })
    const directory = await store.folder(artifact)
    const started = performance.now()
    const model = await runtime.load(directory)
    await warm(model)
    log.info({ artifact, kind, milliseconds: Math.round(performance.now() - started) }, 'a model is loaded')
    return model
  }

  return {
    get(kind, artifact) {
      const key = `${kind}/${artifact}`
      let found = loaded.get(key)
      if (!found) {
        found = load(kind, artifact)
        loaded.set(key, found)
        // a failure is not kept: the next try may succeed
        found.catch(() => loaded.delete(key))
      }
      return found
    },
    keep(models) {
      for (const [key, promise] of loaded)
        void promise.then(
          (model) => {
            if (models.has(model) || loaded.get(key) !== promise) return
            loaded.delete(key)
            setTimeout(
              () => void model.close().catch((error) => log.warn({ err: error }, 'a model could not be closed')),
              grace,
            ).unref()
          },
          () => {},
        )
    },
    async close() {
      for (const promise of loaded.values()) await promise.then((model) => model.close()).catch(() => {})
      loaded.clear()
    },
  }
}

/** First calls of a model are slow; a plain row takes that time before any caller would. */
async function warm(model: LoadedModel) {
  const { description } = model
  if (!description) return
  const columns = description.features.map((feature) => (feature.type === 'number' ? [0] : ['']))
  for (let i = 0; i < warmUps; i++) await model.score(columns, 1).catch(() => {})
}
