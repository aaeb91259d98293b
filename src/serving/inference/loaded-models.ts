import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { LoadedModel, ModelRuntime } from '../../contracts/model-runtime.ts'
import { KedgeError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { LineModel } from './call-line.ts'
import { measureModel } from './measure-model.ts'
import type { FactsStore, ModelFacts } from './model-facts.ts'
import { type ModelSample, sampleColumns, shippedSample, verifyModel } from './model-sample.ts'
import type { ModelStore } from './model-store.ts'

/** A model that this node can call: in memory, or brought there by the next call. */
export interface ServedModel extends LineModel {
  readonly facts: ModelFacts
  /** whether it is in memory now */
  readonly resident: boolean
}

export interface LoadedModels {
  /**
   * Measured, and compared with the answers on record for it; the same artifact is loaded once. Errors:
   * `model_unloadable`, `answers_differ`, `unavailable`.
   */
  get(kind: string, artifact: string, sample: () => Promise<ModelSample | undefined>): Promise<ServedModel>
  /** Closes all others, once what runs in them has had time to end. */
  keep(models: Iterable<{ kind: string; artifact: string }>): void
  /** bytes and number of the models in memory */
  status(): { bytes: number; resident: number; known: number }
  close(): Promise<void>
}

export interface LoadedModelsOptions {
  store: ModelStore
  facts: FactsStore
  runtimes: readonly ModelRuntime[]
  log: Logger
  /** bytes that models in memory may have together; those used longest ago leave it first */
  memory: number
  /** milliseconds after which a model that nobody calls leaves memory */
  idle: number
}

interface Entry {
  kind: string
  artifact: string
  facts: ModelFacts
  model: Promise<LoadedModel> | undefined
  /** the same when it has come */
  there: LoadedModel | undefined
  lastUse: number
  inUse: number
  /** processor time of its processes before it left memory last, in microseconds */
  spent: number
}

/** A model whose call of one row takes longer, in microseconds, does not run in the thread of the protocols. */
const inlineLimit = 250
/** worth a closer look: what was measured across threads has their hand-over in it */
const closerLook = 2000
const inlineLoad = 150
/** a model that is slow to start stays in memory while nobody else needs it */
const slowStart = 1000
const grace = 5000
/** of an interpreter with its libraries, in a process of its own */
const processBytes = 128 * 2 ** 20
const loadsAtOnce = 2

/** The models of this process: what is known of each, and those that are in memory. */
export function createLoadedModels(options: LoadedModelsOptions): LoadedModels {
  const { store, runtimes, log } = options
  const known = new Map<string, Promise<ServedModel>>()
  const entries = new Map<string, Entry>()
  const turns = new Map<string, ReturnType<typeof limitConcurrency>>()

  function runtimeOf(kind: string): ModelRuntime {
    const runtime = runtimes.find((candidate) => candidate.kind === kind)
    if (!runtime)
      throw new KedgeError('model_unloadable', { what: `this inference process has no runtime for ${kind}` })
    return runtime
  }

  /** What a model's own process prints is the log's, under the model's digest. */
  const printOf = (artifact: string) => (line: string) => log.info({ artifact, line }, 'a model says')

  /** Loads a model that this node does not know, away from the event loop, and moves it there when its calls are short. */
  async function explore(kind: string, artifact: string, askSample: () => Promise<ModelSample | undefined>) {
    const runtime = runtimeOf(kind)
    const directory = await store.folder(artifact)
    const before = process.memoryUsage.rss()
    const started = performance.now()
    let model = await runtime.load(directory, { place: 'thread', print: printOf(artifact) })
    let loadMilliseconds = Math.round(performance.now() - started)
    try {
      const { description } = model
      const given = description && ((await shippedSample(directory)) ?? (await askSample()))
      const sample = given && sampleColumns(description, given)
      const verified = sample ? await verifyModel(model, sample) : null
      let costs = await measureModel(model, sample)
      const short = model.place === 'thread' && costs !== undefined && costs.microseconds[1]! < closerLook
      if (short && loadMilliseconds >= inlineLoad) {
        // the first one had to wait for its thread to start
        const again = performance.now()
        await (await runtime.load(directory, { place: 'thread' })).close()
        loadMilliseconds = Math.min(loadMilliseconds, Math.round(performance.now() - again))
      }
      if (short && loadMilliseconds < inlineLoad) {
        const inline = await runtime.load(directory, { place: 'inline' })
        const closer = await measureModel(inline, sample)
        const stays = closer !== undefined && closer.microseconds[1]! <= inlineLimit
        await (stays ? model : inline).close()
        if (stays) {
          model = inline
          costs = closer
        }
      }
      const files = await folderBytes(directory)
      const grown = process.memoryUsage.rss() - before
      const facts: ModelFacts = {
        place: model.place ?? 'process',
        parallel: model.parallel ?? 1,
        microseconds: costs?.microseconds ?? null,
        chunk: costs?.chunk ?? null,
        loadMilliseconds,
        // others grow the process at the same time: not more than what such a file can become
        bytes:
          Math.max(files, Math.min(grown, 4 * files + 4 * 2 ** 20)) + (model.place === undefined ? processBytes : 0),
        verified,
        inputs: model.inputs,
        outputs: model.outputs,
        ...(description ? { description } : {}),
      }
      await options.facts.write(kind, artifact, facts)
      log.info(
        { artifact, kind, ...facts, inputs: undefined, outputs: undefined, description: undefined },
        'a model is loaded',
      )
      return { model, facts }
    } catch (error) {
      await model.close().catch(() => {})
      throw error
    }
  }

  async function introduce(kind: string, artifact: string, sample: () => Promise<ModelSample | undefined>) {
    const key = `${kind}/${artifact}`
    const facts = await options.facts.read(kind, artifact)
    let turn = turns.get(kind)
    if (!turn) {
      turn = limitConcurrency(loadsAtOnce)
      turns.set(kind, turn)
    }
    const found = facts ? { facts, model: undefined } : await turn(() => explore(kind, artifact, sample))
    // control must not be needed later, when it is called
    if (facts) await store.folder(artifact)
    const entry: Entry = {
      kind,
      artifact,
      facts: found.facts,
      model: found.model && Promise.resolve(found.model),
      there: found.model,
      lastUse: performance.now(),
      inUse: 0,
      spent: 0,
    }
    entries.set(key, entry)
    makeRoom()
    return serve(entry)
  }

  async function wake(entry: Entry): Promise<LoadedModel> {
    const { kind, artifact, facts } = entry
    const started = performance.now()
    const directory = await store.folder(artifact)
    const model = await runtimeOf(kind).load(directory, {
      print: printOf(artifact),
      ...(facts.place === 'process' ? {} : { place: facts.place }),
    })
    log.debug({ artifact, milliseconds: Math.round(performance.now() - started) }, 'a model is in memory again')
    return model
  }

  async function use<T>(entry: Entry, call: (model: LoadedModel) => Promise<T>): Promise<T> {
    entry.inUse++
    entry.lastUse = performance.now()
    try {
      if (!entry.model) {
        const waking = wake(entry)
        entry.model = waking
        waking.then(
          (model) => {
            if (entry.model === waking) entry.there = model
            makeRoom()
          },
          () => {
            // the next call tries again
            if (entry.model === waking) entry.model = undefined
          },
        )
      }
      return await call(await entry.model)
    } finally {
      entry.inUse--
      entry.lastUse = performance.now()
    }
  }

  function release(entry: Entry, after: number) {
    const { model } = entry
    entry.spent += entry.there?.cpu ?? 0
    entry.model = undefined
    entry.there = undefined
    if (!model) return
    setTimeout(
      () =>
        void model
          .then((loaded) => loaded.close())
          .catch((error) => log.warn({ artifact: entry.artifact, err: error }, 'a model could not be closed')),
      after,
    ).unref()
  }

  const residents = () => [...entries.values()].filter((entry) => entry.model)
  const bytesOf = (all: readonly Entry[]) => all.reduce((sum, entry) => sum + entry.facts.bytes, 0)

  /** Those that were used longest ago leave until the others fit. */
  function makeRoom() {
    const there = residents()
    let bytes = bytesOf(there)
    if (bytes <= options.memory) return
    there.sort((a, b) => a.lastUse - b.lastUse)
    for (const entry of there.slice(0, -1)) {
      if (bytes <= options.memory) return
      if (entry.inUse > 0) continue
      bytes -= entry.facts.bytes
      release(entry, 0)
    }
  }

  const sweep = setInterval(
    () => {
      const now = performance.now()
      for (const entry of residents())
        if (entry.inUse === 0 && entry.facts.loadMilliseconds < slowStart && now - entry.lastUse > options.idle)
          release(entry, 0)
    },
    Math.max(20, Math.min(30_000, options.idle / 4)),
  )
  sweep.unref()

  function serve(entry: Entry): ServedModel {
    const { facts } = entry
    const { inputs, outputs, description, place, chunk } = facts
    return {
      inputs,
      outputs,
      description,
      place,
      chunk,
      microseconds: facts.microseconds,
      facts,
      get parallel() {
        return entry.there?.parallel ?? facts.parallel
      },
      get cpu() {
        return place === 'process' ? entry.spent + (entry.there?.cpu ?? 0) : undefined
      },
      get resident() {
        return entry.model !== undefined
      },
      score: (columns, rows) => use(entry, (model) => model.score(columns, rows)),
      infer: (tensors, names) => use(entry, (model) => model.infer(tensors, names)),
      async close() {
        release(entry, 0)
      },
    }
  }

  return {
    get(kind, artifact, sample) {
      const key = `${kind}/${artifact}`
      let found = known.get(key)
      if (!found) {
        found = introduce(kind, artifact, sample)
        known.set(key, found)
        // a failure is not kept: the next try may succeed
        const asked = found
        asked.catch(() => {
          if (known.get(key) === asked) known.delete(key)
        })
      }
      return found
    },
    keep(models) {
      const kept = new Set(Array.from(models, ({ kind, artifact }) => `${kind}/${artifact}`))
      for (const [key, promise] of known) {
        if (kept.has(key)) continue
        known.delete(key)
        // one that is still on its way leaves when it has come, unless it is wanted again
        const leave = () => {
          const entry = entries.get(key)
          if (!entry || known.has(key)) return
          entries.delete(key)
          release(entry, grace)
        }
        void promise.then(leave, () => {})
      }
    },
    status() {
      const there = residents()
      return { bytes: bytesOf(there), resident: there.length, known: entries.size }
    },
    async close() {
      clearInterval(sweep)
      for (const { model } of entries.values()) await model?.then((loaded) => loaded.close()).catch(() => {})
      known.clear()
      entries.clear()
    },
  }
}

/** Runs at most so many at once, the others in their order. */
function limitConcurrency(most: number) {
  const waiting: (() => void)[] = []
  let running = 0
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= most) await new Promise<void>((go) => waiting.push(go))
    else running++
    try {
      return await work()
    } finally {
      const go = waiting.shift()
      if (go) go()
      else running--
    }
  }
}

async function folderBytes(directory: string): Promise<number> {
  let bytes = 0
  for (const file of await readdir(directory, { recursive: true, withFileTypes: true }))
    if (file.isFile()) bytes += (await stat(join(file.parentPath, file.name))).size
  return bytes
}
