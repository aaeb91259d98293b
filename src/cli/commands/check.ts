import { resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import type { Family } from '../../comparison/comparison.ts'
import type { TablesRequest } from '../../comparison/tables-request.ts'
import type { Act } from '../context.ts'
import { finiteNumber, listOf, nameAndValue } from '../option-values.ts'

interface Limit {
  low?: number
  high?: number
}

interface CheckOptions {
  failOn: readonly Family[]
  columns?: string[]
  target?: string
  prediction?: string
  score?: string
  positive?: string
  group?: string[]
  decision: number
  threshold?: Record<string, Limit>
  alpha?: Record<string, number>
  metric?: string
  smallest: number
  minRows: number
  report?: string[]
}

const checkable: readonly Family[] = ['quality', 'drift', 'performance', 'bias']

/** Adds `kedge check`, which needs no server. */
export function addCheck(program: Command, act: Act): void {
  const command = program
    .command('check <reference> <current>')
    .description('Compare two files: columns, quality, drift, performance, bias; exit code 1 when something is wrong')
    .option('--fail-on <families>', `what makes the exit code 1: ${checkable.join(', ')}`, familiesOf, checkable)
    .option('--columns <names>', 'columns to compare, separated by commas; all when absent', listOf)
    .option('--target <column>', 'the truth')
    .option('--prediction <column>', 'the predicted class or value')
    .option('--score <column>', 'the probability of the positive class')
    .option('--positive <value>', 'the positive class; 1 or true when absent')
    .option('--group <columns>', 'columns whose values are the groups that bias is looked for in', listOf)
    .option('--decision <score>', 'a score of at least this is predicted positive', finiteNumber, 0.5)
    .option(
      '--threshold <monitor=limit>',
      'a fixed limit, such as drift=0.1, quality.missing=0.02, performance.auc=0.7; repeatable',
      limitOption,
    )
    .option(
      '--alpha <family=share>',
      'promised share of false alarms of a family, such as drift=0.001; repeatable',
      alphaOption,
    )
    .option('--metric <name>', 'distance that measures drift: jensen-shannon, psi, hellinger …')
    .option('--smallest <distance>', 'a smaller distance is never wrong, however certain it is', finiteNumber, 0.02)
    .option('--min-rows <rows>', 'rows below which nothing is judged', finiteNumber, 30)
    .option('--report <file>', 'write a report as .html, .pdf, .json or .parquet; repeatable', collect)
    .addHelpText(
      'after',
      `
Files: Parquet, CSV, TSV, JSON Lines (texts also .gz, .zst, .xz). Needs no server.
Limits come from the reference's own parts, a family of tests together keeps its promise of false alarms (--alpha);
--threshold sets them by hand. Without --fail-on every family counts.

Exit codes: 0 nothing found, 1 found what --fail-on names, 2 wrong options or files.

Examples:
  $ kedge check reference.parquet current.parquet --fail-on drift,quality --report report.html
  $ kedge check train.csv today.csv --target late --score p_late --group carrier --threshold drift=0.1
  $ kedge check a.parquet b.parquet --json | jq '.verdict'`,
    )
  act<CheckOptions>(command, async ({ terminal, world, exit }, options, [reference, current]) => {
    const reports = (options.report ?? []).map((path) => resolve(world.cwd, path))
    const [{ runComparison }, { checkText }, { reportFormat, writeReport }] = await Promise.all([
      import('../../comparison/run-comparison.ts'),
      import('../check-text.ts'),
      import('../../reports/write-report.ts'),
    ])
    for (const path of reports) reportFormat(path)
    const comparison = await runComparison(
      requestOf(options, resolve(world.cwd, reference!), resolve(world.cwd, current!)),
      world.signal,
    )
    for (const path of reports) {
      await writeReport(path, comparison)
      terminal.progress(`Report: ${path}`)
    }
    const failed = options.failOn.filter((family) => comparison.verdict[family] === 'violation')
    terminal.answer({ ...comparison, failed }, () => checkText(comparison, failed, terminal))
    if (failed.length > 0) exit(1)
  })
}

function requestOf(options: CheckOptions, reference: string, current: string): TablesRequest {
  const { columns, target, prediction, score, positive, group, metric } = options
  return {
    reference,
    current,
    ...(columns ? { columns } : {}),
    ...(target === undefined ? {} : { target }),
    ...(prediction === undefined ? {} : { prediction }),
    ...(score === undefined ? {} : { score }),
    ...(positive === undefined ? {} : { positive }),
    ...(group ? { groups: group } : {}),
    threshold: options.decision,
    smallest: options.smallest,
    monitors: {
      min_rows: Math.max(1, Math.round(options.minRows)),
      limits: options.threshold ?? {},
      alpha: options.alpha ?? {},
      ...(metric === undefined ? {} : { drift_metric: { numeric: metric, categorical: metric } }),
    },
  }
}

/** Metrics that are good when they are high: a limit is their least value. */
const HIGH_IS_GOOD = /\.(estimated_)?(auc|accuracy|macro_f1|f1|precision|recall|r2)$/
const SHORT: Record<string, string> = { drift: 'drift.distance', quality: 'quality.missing' }

function limitOption(text: string, before: Record<string, Limit> = {}): Record<string, Limit> {
  const [name, limit] = Object.entries(nameAndValue(text))[0]!
  const monitor = SHORT[name] ?? name
  known(monitor.split('.')[0]!)
  return {
    ...before,
    [monitor]: HIGH_IS_GOOD.test(monitor) ? { low: finiteNumber(limit) } : { high: finiteNumber(limit) },
  }
}

function alphaOption(text: string, before: Record<string, number> = {}): Record<string, number> {
  const [family, share] = Object.entries(nameAndValue(text))[0]!
  const value = finiteNumber(share)
  if (!(value > 0 && value < 0.5)) throw new InvalidArgumentError('A share of false alarms lies between 0 and 0.5.')
  return { ...before, [known(family)]: value }
}

function known(family: string): string {
  if (!checkable.includes(family as Family))
    throw new InvalidArgumentError(`"${family}" is none of ${checkable.join(', ')}.`)
  return family
}

function familiesOf(text: string): Family[] {
  if (text === 'none') return []
  return listOf(text).map((family) => known(family) as Family)
}

const collect = (text: string, before: string[] = []): string[] => [...before, text]
