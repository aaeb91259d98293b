import type { Command } from 'commander'
import { KedgeError } from '../../errors.ts'
import type { Act } from '../context.ts'
import { wholeNumber } from '../option-values.ts'
import type { PipelineRun } from './run.ts'

/** Adds `kedge logs`. */
export function addLogs(program: Command, act: Act): void {
  const command = program
    .command('logs [run] [step]')
    .description("Print what a pipeline run's steps have written; the newest run when none is named")
    .option('-F, --follow', 'go on until the step has ended')
    .option('--from <byte>', 'begin at this position', wholeNumber)
    .addHelpText('after', '\nExamples:\n  $ kedge logs\n  $ kedge logs 7 fit --follow')
  act<{ follow?: boolean; from?: number }>(
    command,
    async ({ api, terminal, project, world }, options, [given, only]) => {
      const base = `/api/v1/projects/${encodeURIComponent(project)}`
      const id = given ?? (await api.get<{ items: PipelineRun[] }>(`${base}/pipeline-runs`, { limit: 1 })).items[0]?.id
      if (id === undefined)
        throw new KedgeError(
          'not_found',
          { kind: 'A pipeline run', name: `of the project ${project}` },
          { todo: 'Start one with `kedge run PIPELINE`.' },
        )
      const run = await api.get<PipelineRun>(`${base}/pipeline-runs/${encodeURIComponent(String(id))}`)
      const steps = run.steps.filter(({ name }) => only === undefined || name === only)
      if (steps.length === 0)
        throw new KedgeError(
          'not_found',
          { kind: 'Step', name: only ?? '' },
          { todo: `Its steps are ${run.steps.map(({ name }) => name).join(', ')}.` },
        )
      for (const step of steps) {
        const path = `${base}/pipeline-runs/${run.id}/steps/${encodeURIComponent(step.name)}/log`
        const mark = steps.length > 1 ? `${terminal.colour('dim', step.name)} ` : ''
        const show = (text: string) => {
          if (terminal.json)
            for (const line of text.split('\n').filter(Boolean))
              terminal.print(JSON.stringify({ run: run.id, step: step.name, line }))
          else world.stdout.write(mark === '' ? text : text.replace(/^(?=.)/gm, mark))
        }
        if (!options.follow) {
          show(await (await api.download(path)).text())
          continue
        }
        for await (const { data } of api.stream(`${path}/stream`, { from: options.from }, world.signal))
          if (typeof (data as { text?: unknown }).text === 'string') show((data as { text: string }).text)
      }
    },
  )
}
