import type { ModelCard } from './model-card.ts'
import type { Tensor, TensorSpec } from './tensor.ts'

/** Values of one feature: numbers with NaN where missing, texts with '' where missing. */
export type Column = Float64Array | Float32Array | string[]

/** Rows as named columns, one for each feature, all of length `rows`. Columns that the model does not know are ignored. */
export interface Batch {
  rows: number
  columns: ReadonlyMap<string, Column>
}

export interface ScoredBatch {
  /** binary: probability of the positive label; regression: the value; NaN where the model gives no number */
  scores: Float64Array
  /** the predicted class; '' where there is none (regression) */
  labels: string[]
}

export interface ModelSignature {
  inputs: TensorSpec[]
  outputs: TensorSpec[]
}

/**
 * A model ready to run. Calls may overlap; each gets its own answer. Errors: `model_input_invalid` when names, types or
 * shapes do not fit, `model_failed` when the model itself fails, `unavailable` when its process died.
 */
export interface LoadedModel {
  readonly kind: string
  readonly signature: ModelSignature
  /** what the columns and the score mean; a model without a card offers `infer` only */
  readonly card: ModelCard | undefined
  /** Scores rows given by feature name. */
  run(batch: Batch): Promise<ScoredBatch>
  /** Raw tensors in, the named outputs (all when absent) out. */
  infer(inputs: ReadonlyMap<string, Tensor>, outputs?: readonly string[]): Promise<Map<string, Tensor>>
  close(): Promise<void>
}

export interface LoadOptions {
  /** threads of one run, 1 when absent */
  threads?: number
  /** Python interpreter of the environment in which a Python model runs */
  python?: string
  /** how long loading or one run may take before its process is ended, in milliseconds */
  timeout?: number
  /** lines that the model's process prints */
  print?(line: string): void
}

/** Something that can run models of one kind. */
export interface ModelRuntime {
  readonly kind: string
  readonly title: string
  /** Whether the model folder at this path is of its kind. */
  detects(folder: string): Promise<boolean>
  /** Errors: `model_invalid` with what is wrong in the folder. */
  load(folder: string, options?: LoadOptions): Promise<LoadedModel>
}

/** Declares a runtime; the default export of its file in `adapters/runtimes/`. */
export const defineRuntime = <R extends ModelRuntime>(runtime: R): R => runtime
