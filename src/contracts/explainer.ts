import type { Column, ModelDescription } from './model-runtime.ts'
import type { ModelStructure } from './model-structure.ts'

/** Rows of features, in the order of the description's features. */
export interface FeatureRows {
  columns: readonly Column[]
  rows: number
}

/** A model as explainers see it. */
export interface ExplainedModel {
  description: ModelDescription
  /** what the model is on the inside, verified against its own scores; undefined when nobody could read it */
  structure: ModelStructure | undefined
  /** rows of the model's reference: what "not knowing a feature" is averaged over; undefined without any */
  background: FeatureRows | undefined
  /** The model's own scores. */
  score(columns: readonly Column[], rows: number): Promise<Float64Array>
}

export interface Attributions {
  /** the output expected without knowing the row */
  base: number
  /** values[row · features + feature]: what the feature adds to the row's output */
  values: Float64Array
  /** base + the row's values, up to rounding: in the unit of the explainer */
  outputs: Float64Array
  /** standard errors of the values, where they are estimated */
  errors?: Float64Array
}

/** A way to attribute a model's output to its features. */
export interface Explainer {
  /** as it is named in requests and stored with attributions */
  method: string
  title: string
  /** the game, its source, and when it is exact, in a line or two for people */
  definition: string
  /** of those that can explain a model the one with the least is taken */
  rank(model: ExplainedModel): number
  /** `sum`: attributions are of the structure's sum (the margin), `score`: of the model's score */
  of: 'sum' | 'score'
  /** Why it cannot explain this model; undefined when it can. */
  refuses(model: ExplainedModel): string | undefined
  /**
   * Prepares what is the same for all rows. `explain` may be called again and again; it yields to `checkpoint` between
   * pieces of work, which throws when nobody waits any more.
   */
  prepare(model: ExplainedModel): {
    explain(rows: FeatureRows, checkpoint: () => void): Promise<Attributions>
  }
}

/** Declares an explainer; the default export of its file in `adapters/explainers`. */
export const defineExplainer = (explainer: Explainer): Explainer => explainer
