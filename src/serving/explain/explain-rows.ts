import type { ExplainedModel, Explainer, FeatureRows } from '../../contracts/explainer.ts'
import type { LoadedModel, ModelDescription } from '../../contracts/model-runtime.ts'
import {
  type ModelStructure,
  type ScoreLink,
  type StructureReader,
  scoreOf,
  sumOf,
} from '../../contracts/model-structure.ts'
import { KedgeError } from '../../errors.ts'
import type { Explanations, ExplanationUnit } from './explanation.ts'
import { scoreInPieces } from './score-in-pieces.ts'

/** of a score, or of 1 where that is more: what a structure's scores may differ from the model's by */
const tolerance = 1e-4

export interface PreparedModel {
  description: ModelDescription
  score: ExplainedModel['score']
  /** Errors: `unsupported` when no explainer, or not the named one, can explain the model. */
  explain(rows: FeatureRows, method: string | undefined, checkpoint: () => void): Promise<Explanations>
}

export interface PrepareOptions {
  folder: string
  loaded: LoadedModel
  /** rows of a model's call at most */
  piece: number
  background: FeatureRows | undefined
  origin: Explanations['origin']
  readers: readonly StructureReader[]
  explainers: readonly Explainer[]
}

/**
 * Reads what a model is on the inside, and believes it only where it gives the model's own scores on rows of the reference.
 * Errors: `unsupported` for a model that does not name its features.
 */
export async function prepareModel({ folder, loaded, piece, background, origin, readers, explainers }: PrepareOptions) {
  const { description, inputs } = loaded
  if (!description)
    throw new KedgeError('unsupported', { what: 'Explaining predictions of a model that does not name its features' })
  const score = scoreInPieces(loaded.score, piece)

  const found = await readStructure(readers, folder, { description, inputs })
  const verified = found && 'form' in found ? await verify(found, background, score) : found
  const unread = verified && 'unread' in verified ? verified.unread : undefined
  const known = verified && 'structure' in verified ? verified : undefined
  const model: ExplainedModel = { description, structure: known?.structure, background, score }
  const ready = new Map<string, ReturnType<Explainer['prepare']>>()

  function choose(method: string | undefined): Explainer {
    const ranked = explainers.toSorted((a, b) => a.rank(model) - b.rank(model))
    if (method === undefined) {
      const able = ranked.find((explainer) => explainer.refuses(model) === undefined)
      if (able) return able
      throw new KedgeError('unsupported', {
        what: `Explaining this model (${ranked.map((explainer) => `${explainer.method}: ${explainer.refuses(model)}`).join('; ')})`,
      })
    }
    const named = ranked.find((explainer) => explainer.method === method)
    if (!named)
      throw new KedgeError('invalid_input', {
        what: `explain.method: "${method}" is none of ${ranked.map((explainer) => explainer.method).join(', ')}`,
      })
    const why = named.refuses(model)
    if (why === undefined) return named
    throw new KedgeError('unsupported', {
      what: `Explaining this model by ${method} (${why}${unread && named.of === 'sum' ? `: ${unread}` : ''})`,
    })
  }

  const prepared: PreparedModel = {
    description,
    score,
    async explain(rows, method, checkpoint) {
      const explainer = choose(method)
      let own = ready.get(explainer.method)
      if (!own) {
        own = explainer.prepare(model)
        ready.set(explainer.method, own)
      }
      const { base, values, outputs, errors } = await own.explain(rows, checkpoint)
      const scores = await score(rows.columns, rows.rows)
      const features = description.features.map(({ name }) => name)
      const link = explainer.of === 'sum' ? known!.link : 'identity'
      const byRow = (all: Float64Array) =>
        Array.from({ length: rows.rows }, (_, row) => [
          ...all.subarray(row * features.length, (row + 1) * features.length),
        ])
      const attributed = byRow(values)
      return {
        method: explainer.method,
        title: explainer.title,
        definition: explainer.definition,
        unit: unitOf(link, description.task),
        ...(explainer.method === 'tree_path'
          ? { background: 0, origin: null }
          : { background: background?.rows ?? 0, origin }),
        inexact: explainer.of === 'sum' || method !== undefined ? null : (unread ?? null),
        features,
        base,
        values: attributed,
        errors: errors ? byRow(errors) : null,
        outputs: [...outputs],
        scores: [...scores],
        residuals: attributed.map((row, i) =>
          Math.abs(
            scoreOf(
              link,
              row.reduce((sum, value) => sum + value, base),
            ) - scores[i]!,
          ),
        ),
      }
    },
  }
  return prepared
}

type Found = Awaited<ReturnType<StructureReader['read']>>

async function readStructure(
  readers: readonly StructureReader[],
  folder: string,
  facts: Parameters<StructureReader['read']>[1],
): Promise<Found> {
  let unread: Found
  for (const reader of readers) {
    const found = await reader.read(folder, facts)
    if (found && 'form' in found) return found
    unread ??= found
  }
  return unread ?? { unread: 'its folder holds no file whose inside can be read' }
}

/** Takes the first link with which the structure gives the model's scores. Without rows to compare the first is believed; residuals tell. */
async function verify(
  structure: ModelStructure,
  background: FeatureRows | undefined,
  score: ExplainedModel['score'],
): Promise<{ structure: ModelStructure; link: ScoreLink } | { unread: string }> {
  if (!background || background.rows === 0) return { structure, link: structure.links[0]! }
  const scores = await score(background.columns, background.rows)
  let sums: number[]
  try {
    sums = structure.encode(background.columns, background.rows).map((row) => sumOf(structure, row))
  } catch (error) {
    return { unread: `its columns cannot be computed: ${(error as Error).message}` }
  }
  let least = Number.POSITIVE_INFINITY
  for (const link of structure.links) {
    const worst = sums.reduce((most, sum, i) => {
      const apart = Math.abs(scoreOf(link, sum) - scores[i]!) / Math.max(1, Math.abs(scores[i]!))
      return Math.max(most, Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart)
    }, 0)
    if (worst <= tolerance) return { structure, link }
    least = Math.min(least, worst)
  }
  return {
    unread: `what its file says gives other scores than the model, by up to ${least.toPrecision(2)} on rows of the reference`,
  }
}

function unitOf(link: ScoreLink, task: ModelDescription['task']): ExplanationUnit {
  if (link === 'logistic') return 'log_odds'
  if (link === 'exponential') return 'log'
  return task === 'binary' ? 'probability' : 'value'
}
