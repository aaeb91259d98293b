import { z } from 'zod'
import { type ModelSample, modelSample } from '../inference/model-sample.ts'

/** What the sum of attributions is: the score itself, or what a link turns into the score. */
export const explanationUnits = ['probability', 'value', 'log_odds', 'log'] as const
export type ExplanationUnit = (typeof explanationUnits)[number]

export type Instance = ModelSample['instances'][number]

/** The model that explains, as a folder on this machine. */
export interface ExplainableModel {
  kind: string
  /** digest of the folder: the same is prepared once */
  artifact: string
  folder: string
  /** folder with the environments of Python models */
  environments?: string | undefined
}

/** Where the rows come from that not knowing a feature is averaged over. */
export const backgroundOrigins = ['reference', 'model folder', 'recorded predictions'] as const

export const backgroundRows = z.object({ origin: z.enum(backgroundOrigins), instances: modelSample.shape.instances })
export type BackgroundRows = z.output<typeof backgroundRows>

export interface ExplainRequest {
  model: ExplainableModel
  /** undefined without any */
  background: BackgroundRows | undefined
  instances: Instance[]
  /** the first that can explain the model when absent */
  method?: string | undefined
  /** milliseconds that it may take */
  timeout: number
}

/** How attributions came about; stored with them. */
export const explanationDefinition = z.object({
  method: z.string(),
  title: z.string(),
  definition: z.string(),
  unit: z.enum(explanationUnits),
  /** rows that unknown features were averaged over; 0 where the method needs none */
  background: z.number(),
  origin: z.enum(backgroundOrigins).nullable(),
  /** why no exact method was taken; null where one was */
  inexact: z.string().nullable(),
})
export type ExplanationDefinition = z.output<typeof explanationDefinition>

export interface Explanations extends ExplanationDefinition {
  features: string[]
  base: number
  /** by row and feature */
  values: number[][]
  /** standard errors, where values are estimated */
  errors: number[][] | null
  /** base + values, in the unit */
  outputs: number[]
  /** the model's own scores */
  scores: number[]
  /** by row, |score of (base + Σ values) − score|: the additivity check, of the whole way from file to score */
  residuals: number[]
}

/** How often a model's score is asked with changed features: partial dependence and permutation importance. */
export interface ProfileRequest {
  model: ExplainableModel
  instances: Instance[]
  /** truths of the rows as numbers; binary: 1 and 0 */
  truths: (number | null)[]
  timeout: number
}

export interface ImportanceOfFeature {
  feature: string
  value: number
  low: number
  high: number
}

export interface ModelProfile {
  task: 'binary' | 'regression'
  rows: number
  /** mean fall of the score when a feature is shuffled */
  permutation: {
    metric: string
    score: number
    repeats: number
    confidence: number
    features: ImportanceOfFeature[]
  } | null
  /** why there is no permutation importance */
  why: string | null
  /** mean score by value of each feature, the others as they are in the rows */
  dependence: { feature: string; grid: (number | string)[]; mean: number[]; low: number[]; high: number[] }[]
}

export type AsideRequest = { id: number } & (
  | { do: 'explain'; request: ExplainRequest }
  | { do: 'profile'; request: ProfileRequest }
)

export type AsideAnswer =
  | { id: number; result: Explanations | ModelProfile }
  | { id: number; error: { code: string; details: Record<string, unknown>; todo: string } }
