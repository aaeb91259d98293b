import type {
  MlflowSource,
  SourceExperiment,
  SourceFile,
  SourceLoggedModel,
  SourceModel,
  SourcePoint,
  SourceRun,
} from './mlflow-source.ts'

export type Written = 'created' | 'present'

/** Where an export goes. Everything can be written again: what is there is completed, nothing is stored twice. */
export interface MlflowTarget {
  title: string
  experiment(experiment: SourceExperiment): Promise<Written>
  /** the run itself, params, tags and inputs, then its points; resolves when all is written */
  run(run: SourceRun, points: AsyncIterable<SourcePoint[]>): Promise<Written>
  /** undefined: it is there already */
  file(owner: { run: SourceRun } | { model: SourceLoggedModel }, file: SourceFile): Promise<number | undefined>
  loggedModel(model: SourceLoggedModel): Promise<Written>
  model(model: SourceModel): Promise<Written>
  /** what could not be written as it was */
  problems: string[]
  /** what to do to use it */
  hint: string
}

export interface ExportReport {
  source: string
  target: string
  experiments: Record<Written, number>
  runs: Record<Written, number>
  loggedModels: Record<Written, number>
  models: Record<Written, number>
  versions: number
  points: number
  files: { stored: number; present: number; bytes: number }
  problems: string[]
  hint: string
}

/** Writes everything of a source to a target. */
export async function exportTo(
  source: MlflowSource,
  target: MlflowTarget,
  { signal, progress }: { signal: AbortSignal; progress(text: string): void },
): Promise<ExportReport> {
  const tally = () => ({ created: 0, present: 0 })
  const report: ExportReport = {
    source: source.title,
    target: target.title,
    experiments: tally(),
    runs: tally(),
    loggedModels: tally(),
    models: tally(),
    versions: 0,
    points: 0,
    files: { stored: 0, present: 0, bytes: 0 },
    problems: target.problems,
    hint: target.hint,
  }
  async function* counted(pages: AsyncIterable<SourcePoint[]>) {
    for await (const page of pages) {
      report.points += page.length
      yield page
    }
  }
  async function copyFiles(
    owner: { run: SourceRun } | { model: SourceLoggedModel },
    artifacts: string,
    id: { run: string } | { model: string },
  ) {
    try {
      for await (const file of source.files(artifacts, id)) {
        signal.throwIfAborted()
        const bytes = await target.file(owner, file)
        if (bytes === undefined) report.files.present++
        else {
          report.files.stored++
          report.files.bytes += bytes
        }
      }
    } catch (error) {
      signal.throwIfAborted()
      report.problems.push(`${'run' in id ? `run ${id.run}` : `logged model ${id.model}`}: ${(error as Error).message}`)
    }
  }

  progress(`reading ${source.title}`)
  const experiments: SourceExperiment[] = []
  for await (const experiment of source.experiments()) experiments.push(experiment)
  for (const experiment of experiments) {
    report.experiments[await target.experiment(experiment)]++
    // logged models first: runs name them
    for await (const model of source.loggedModels(experiment.id)) {
      signal.throwIfAborted()
      report.loggedModels[await target.loggedModel(model)]++
      await copyFiles({ model }, model.artifacts, { model: model.id })
    }
    for await (const run of source.runs(experiment.id)) {
      signal.throwIfAborted()
      report.runs[await target.run(run, counted(source.points(run)))]++
      await copyFiles({ run }, run.artifacts, { run: run.id })
      const done = report.runs.created + report.runs.present
      if (done % 100 === 0) progress(`${done} runs, ${report.points} points, ${report.files.stored} files`)
    }
  }
  for await (const model of source.models()) {
    report.models[await target.model(model)]++
    report.versions += model.versions.length
  }
  return report
}
