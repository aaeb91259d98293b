import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import type { z } from 'zod'
import { KedgeError } from '../../errors.ts'
import type { pipelineRunAnswer } from '../../protocols/kedge/schemas/pipelines.ts'
import type { ApiClient } from '../api-client.ts'
import type { Act } from '../context.ts'
import { nameAndValue, pointInTime } from '../option-values.ts'
import { span } from '../readable.ts'

export type PipelineRun = z.output<typeof pipelineRunAnswer>

interface Options {
  asOf?: number
  param?: Record<string, string>
  force?: boolean
  key?: string
  wait: boolean
}

/** Adds `kedge run`. */
export function addRun(program: Command, act: Act): void {
  const command = program
    .command('run <pipeline>')
    .description('Run a pipeline and wait for its end')
    .option('--as-of <time>', 'the time that windows are relative to; now when absent', pointInTime)
    .option('--param <name=value>', 'another value for a param; may be repeated', nameAndValue)
    .option('--force', 'run steps again although nothing has changed')
    .option('--key <key>', 'the same key again gives the same run')
    .option('--no-wait', 'only start it')
    .addHelpText(
      'after',
      '\nExit code 1 when the run fails.\n\nExamples:\n  $ kedge run train --as-of 2001-02-01\n  $ kedge run train --param max_rows=50000 --no-wait --json',
    )
  act<Options>(command, async ({ api, terminal, project, world }, options, [pipeline]) => {
    const base = `/api/v1/projects/${encodeURIComponent(project)}`
    let run = await api.send<PipelineRun>('POST', `${base}/pipelines/${encodeURIComponent(pipeline!)}/runs`, {
      asOf: options.asOf,
      params: Object.fromEntries(Object.entries(options.param ?? {}).map(([name, value]) => [name, scalar(value)])),
      force: options.force ?? false,
      key: options.key,
    })
    if (options.wait) run = await waitForRun(api, project, run.id, terminal.progress, world.signal)
    terminal.answer(run, () => runText(run))
    if (options.wait && run.state !== 'succeeded') throw runError(run)
  })
}

/** Polls a run until it has ended; says what its steps do. */
export async function waitForRun(
  api: ApiClient,
  project: string,
  id: number,
  progress: (text: string) => void,
  signal: AbortSignal,
): Promise<PipelineRun> {
  const told = new Map<string, string>()
  for (;;) {
    const run = await api.get<PipelineRun>(`/api/v1/projects/${encodeURIComponent(project)}/pipeline-runs/${id}`)
    for (const step of run.steps) {
      if (told.get(step.name) === step.state) continue
      if (step.state !== 'queued')
        progress(`${step.name}: ${step.state}${step.usage ? ` (${span(step.usage.wallSeconds * 1000)})` : ''}`)
      told.set(step.name, step.state)
    }
    if (run.finishedAt !== null) return run
    await pause(300, undefined, { signal }).catch(() => {
      throw new KedgeError('cancelled', { what: 'Waiting' })
    })
  }
}

/** What to tell of a pipeline run that did not succeed. */
export const runError = (run: PipelineRun): KedgeError => {
  const failed = run.steps.find((step) => step.error)
  return new KedgeError(
    'conflict',
    {
      what: `Run ${run.id} of ${run.pipeline} ${run.state}${failed ? `: step ${failed.name}: ${failed.error!.message}` : run.error ? `: ${run.error.message}` : ''}`,
    },
    { todo: `${failed ? `${failed.error!.todo} ` : ''}Read its log: kedge logs ${run.id}` },
  )
}

const scalar = (text: string) =>
  text === 'true' ? true : text === 'false' ? false : text !== '' && Number.isFinite(Number(text)) ? Number(text) : text

function runText(run: PipelineRun): string {
  const lines = [`run ${run.id} of ${run.pipeline}: ${run.state}`]
  for (const step of run.steps) {
    const used = step.usage
      ? `, ${span(step.usage.wallSeconds * 1000)}, ${Math.round(step.usage.maxMemoryBytes / 2 ** 20)} MiB`
      : ''
    const made = step.modelVersion ? `, model version ${step.modelVersion.model}@${step.modelVersion.version}` : ''
    lines.push(`  ${step.name}: ${step.state}${used}${made}`)
  }
  return lines.join('\n')
}
