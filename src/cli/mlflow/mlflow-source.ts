import type { Readable } from 'node:stream'
import type { z } from 'zod'
import type {
  importedExperiment,
  importedLoggedModel,
  importedModel,
  importedRun,
} from '../../protocols/kedge/schemas/import.ts'

export type SourceExperiment = z.input<typeof importedExperiment>
/** `artifacts`: the address where its files lie, in the source's own words */
export type SourceRun = z.input<typeof importedRun> & { artifacts: string }
export interface SourcePoint {
  key: string
  value: number
  step: number
  /** milliseconds since 1970 */
  time: number
}
export type SourceLoggedModel = z.input<typeof importedLoggedModel> & {
  artifacts: string
  metrics: (SourcePoint & { run: string; datasetName: string; datasetDigest: string })[]
}
export type SourceModel = z.input<typeof importedModel>

export interface SourceFile {
  /** relative to the root that was asked for, with `/` */
  path: string
  bytes: number | null
  open(): Promise<Readable>
}

/** Where runs and models of MLflow are: a server, a folder, a database. Reading it again gives the same. */
export interface MlflowSource {
  /** for people */
  title: string
  experiments(): AsyncIterable<SourceExperiment>
  /** runs of an experiment, deleted ones too */
  runs(experimentId: string): AsyncIterable<SourceRun>
  /** every point of a run, in pages; the order is any */
  points(run: SourceRun): AsyncIterable<SourcePoint[]>
  loggedModels(experimentId: string): AsyncIterable<SourceLoggedModel>
  models(): AsyncIterable<SourceModel>
  /** Files below an address of a run or a logged model. Errors: `unsupported` when they cannot be read from here. */
  files(artifacts: string, owner: { run: string } | { model: string }): AsyncIterable<SourceFile>
  close(): void
}

export const loggedModelStatus = (value: unknown): string =>
  ({ 1: 'LOGGED_MODEL_PENDING', 2: 'LOGGED_MODEL_READY', 3: 'LOGGED_MODEL_UPLOAD_FAILED' })[Number(value)] ??
  (typeof value === 'string' ? value : 'LOGGED_MODEL_READY')

export const runStatuses = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'] as const
/** MLflow writes a status as its name, or as its number from 1. */
export const runStatus = (value: unknown): (typeof runStatuses)[number] =>
  runStatuses.find((name) => name === value) ?? runStatuses[Number(value) - 1] ?? 'FINISHED'

export const pairsOf = (list: readonly { key: string; value: string }[] = []): Record<string, string> =>
  Object.fromEntries(list.map(({ key, value }) => [key, String(value ?? '')]))
