import type { Explainer, FeatureRows } from '../../contracts/explainer.ts'
import type { LoadedModel, ModelRuntime } from '../../contracts/model-runtime.ts'
import type { StructureReader } from '../../contracts/model-structure.ts'
import { type ErrorPlace, KedgeError } from '../../errors.ts'
import { createRowReader } from '../inference/row-reader.ts'
import { type PreparedModel, prepareModel } from './explain-rows.ts'
import type {
  BackgroundRows,
  ExplainableModel,
  ExplainRequest,
  Explanations,
  Instance,
  ModelProfile,
  ProfileRequest,
} from './explanation.ts'
import { profileModel } from './profile-model.ts'

export interface ExplainingOptions {
  runtimes: readonly ModelRuntime[]
  readers: readonly StructureReader[]
  explainers: readonly Explainer[]
  /** milliseconds of a clock that only goes forward */
  now(): number
  print(line: string): void
}

/** Trees in ONNX are fastest in small pieces; a call to another process costs more than its rows. */
const pieces = { onnx: 128, other: 8192 }
/** models that are kept ready */
const kept = 4

interface Entry {
  loaded: LoadedModel
  prepared: PreparedModel
}

/** Explains with the models that were asked for last at hand. Errors: those of loading and explaining; `deadline_passed`. */
export function createExplaining({ runtimes, readers, explainers, now, print }: ExplainingOptions) {
  const entries = new Map<string, Promise<Entry>>()

  async function load(
    { kind, folder, environments }: ExplainableModel,
    background: BackgroundRows | undefined,
  ): Promise<Entry> {
    const runtime = runtimes.find((candidate) => candidate.kind === kind)
    if (!runtime) throw new KedgeError('unsupported', { what: `Explaining models of the kind ${kind}` })
    const loaded = await runtime.load(folder, { print, ...(environments ? { environments } : {}) })
    try {
      const piece = kind === 'onnx' ? pieces.onnx : pieces.other
      const rows = background && loaded.description ? rowsOf(loaded, background.instances) : undefined
      return {
        loaded,
        prepared: await prepareModel({
          folder,
          loaded,
          piece,
          background: rows,
          origin: background?.origin ?? null,
          readers,
          explainers,
        }),
      }
    } catch (error) {
      await loaded.close()
      throw error
    }
  }

  function entryOf(model: ExplainableModel, background: BackgroundRows | undefined): Promise<Entry> {
    // the same folder with another reference explains otherwise
    const key = `${model.kind}/${model.artifact}/${JSON.stringify(background?.instances.slice(0, 3))}/${background?.instances.length}`
    let found = entries.get(key)
    if (found) entries.delete(key)
    else {
      found = load(model, background)
      found.catch(() => entries.delete(key))
    }
    entries.set(key, found)
    for (const [old, entry] of entries) {
      if (entries.size <= kept) break
      entries.delete(old)
      void entry.then(({ loaded }) => loaded.close()).catch(() => {})
    }
    return found
  }

  /** Throws when the time is over. */
  function limit(timeout: number): () => void {
    const end = now() + timeout
    return () => {
      if (now() > end) throw new KedgeError('explanation_late', { limit: `${timeout / 1000} s` })
    }
  }

  return {
    async explain({ model, background, instances, method, timeout }: ExplainRequest): Promise<Explanations> {
      const checkpoint = limit(timeout)
      const { loaded, prepared } = await entryOf(model, background)
      checkpoint()
      return prepared.explain(rowsOf(loaded, complete(loaded, instances)), method, checkpoint)
    },
    async profile({ model, instances, truths, timeout }: ProfileRequest): Promise<ModelProfile> {
      const checkpoint = limit(timeout)
      const { loaded, prepared } = await entryOf(model, undefined)
      const known = Float64Array.from(truths, (truth) => truth ?? Number.NaN)
      return profileModel(prepared, rowsOf(loaded, instances), known, checkpoint)
    },
    async close() {
      for (const entry of entries.values()) await entry.then(({ loaded }) => loaded.close()).catch(() => {})
      entries.clear()
    },
  }
}

/** What stands not on record of a row is missing. */
const complete = ({ description }: LoadedModel, instances: readonly Instance[]): Instance[] =>
  instances.map((row) => ({
    ...Object.fromEntries((description?.features ?? []).map(({ name }) => [name, null])),
    ...row,
  }))

/** Rows as the model's columns. Errors: `invalid_input` where they do not fit its features; `unsupported` without names. */
function rowsOf({ description }: LoadedModel, instances: readonly Instance[]): FeatureRows {
  if (!description)
    throw new KedgeError('unsupported', { what: 'Explaining predictions of a model that does not name its features' })
  const reader = createRowReader(description)
  const columns = reader.columns(instances.length)
  const problems: ErrorPlace[] = []
  instances.forEach((instance, i) => {
    reader.read(instance, columns, i, `rows.${i}`, problems)
  })
  if (problems.length > 0)
    throw new KedgeError(
      'invalid_input',
      {
        what: problems
          .slice(0, 5)
          .map((place) => `${place.where} ${place.what}`)
          .join('; '),
      },
      { places: problems },
    )
  return { columns, rows: instances.length }
}
