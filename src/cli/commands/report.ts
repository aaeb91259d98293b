import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { Act } from '../context.ts'
import { bytes } from '../readable.ts'

interface ReportOptions {
  window: string
  revision?: string
  from?: string
  to?: string
  against?: string
  output: string
}

/** Adds `kedge report`. */
export function addReport(program: Command, act: Act): void {
  const command = program
    .command('report <endpoint>')
    .description('Write a report of an endpoint’s newest window against its reference: HTML, PDF, JSON or Parquet')
    .option('--window <window>', '7d, 6h, 2w: sliding; day, week, month: of the calendar; 1000rows: by count', '7d')
    .option('--revision <number>', 'the newest that answered callers when absent')
    .option('--from <time>', 'windows end behind it')
    .option('--to <time>', 'and not later than this')
    .option('--against <what>', 'training, before, weekdays')
    .option('-o, --output <file>', 'ends in .html, .pdf, .json or .parquet', 'report.html')
    .addHelpText(
      'after',
      '\nExamples:\n  $ kedge report delay --window 7d -o delay.pdf\n  $ kedge report delay --to 2001-03-01 --against before -o delay.html',
    )
  act<ReportOptions>(command, async ({ api, terminal, project, world }, { output, ...window }, [endpoint]) => {
    const { reportFormat } = await import('../../reports/write-report.ts')
    const path = resolve(world.cwd, output)
    const query = new URLSearchParams({ ...window, format: reportFormat(path) })
    const answer = await api.download(
      `/api/v1/projects/${encodeURIComponent(project)}/endpoints/${encodeURIComponent(endpoint!)}/report?${query}`,
    )
    const report = Buffer.from(await answer.arrayBuffer())
    writeFileSync(path, report)
    terminal.answer({ path, bytes: report.length }, () => `${path}, ${bytes(report.length)}`)
  })
}
