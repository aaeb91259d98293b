import { predictTrees, type TreeEnsemble } from '../statistics/tree-ensemble.ts'
import type { Column, ModelDescription, TensorSpec } from './model-runtime.ts'

/** How a model's score comes from the sum that its structure gives. */
export type ScoreLink = 'identity' | 'logistic' | 'exponential'

/**
 * What a model is on the inside, as far as exact explanations need it: a sum over trees, or a weighted sum, of columns each
 * of which is made of one feature.
 */
export interface ModelStructure {
  form: { kind: 'trees'; ensemble: TreeEnsemble } | { kind: 'linear'; intercept: number; weights: readonly number[] }
  /** by column of the sum, the index of the feature that it is made of */
  parts: Int32Array
  /** The columns of the sum for rows of features, in the order of the description's features. */
  encode(columns: readonly Column[], rows: number): Float64Array[]
  /** in the order in which they are tried: the one that gives the model's own scores is taken */
  links: readonly ScoreLink[]
  /** whether the trees know how many training rows passed each node */
  covers: boolean
}

/** What a reader is told of a model beside its folder. */
export interface StructureFacts {
  description: ModelDescription
  /** the runtime's own inputs, which say how columns are fed */
  inputs: readonly TensorSpec[]
}

/** Reads one format of model files. */
export interface StructureReader {
  format: string
  title: string
  /**
   * undefined when the folder holds no such file; `unread` says why what is there cannot be explained exactly. Throws
   * nothing: a damaged file is unread.
   */
  read(folder: string, facts: StructureFacts): Promise<ModelStructure | { unread: string } | undefined>
}

/** Declares a reader; the default export of its file in `adapters/model-structures`. */
export const defineStructureReader = (reader: StructureReader): StructureReader => reader

/** The score that a sum stands for. */
export function scoreOf(link: ScoreLink, sum: number): number {
  if (link === 'logistic') return 1 / (1 + Math.exp(-sum))
  return link === 'exponential' ? Math.exp(sum) : sum
}

/** The sum that a structure gives for a row of its columns. */
export const sumOf = ({ form }: ModelStructure, row: ArrayLike<number>): number =>
  form.kind === 'trees'
    ? predictTrees(form.ensemble, row)
    : form.weights.reduce((sum, weight, j) => sum + weight * row[j]!, form.intercept)
