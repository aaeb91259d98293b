import type { Comparison, Family } from '../comparison/comparison.ts'
import { displayed } from '../reports/displayed.ts'
import type { Colour, Terminal } from './terminal.ts'

const MOST_ROWS = 20
const colours: Record<string, Colour> = { ok: 'green', watch: 'yellow', violation: 'red', unknown: 'dim' }
const words: Record<string, string> = { ok: 'fine', watch: 'watch', violation: 'wrong', unknown: 'not judged' }

/** A number as people read it in a table. */
const figure = (value: number | null | undefined): string =>
  value === null || value === undefined || Number.isNaN(value) ? '–' : String(Number(value.toPrecision(4)))

/** What a comparison found, for a terminal. */
export function checkText(comparison: Comparison, failed: readonly Family[], terminal: Terminal): string {
  const { reference, current, verdict, columns, scores } = comparison
  const paint = (state: string) => terminal.colour(colours[state] ?? 'dim', words[state] ?? state)
  const lines = [
    `${displayed(current.label)} (${current.rows.toLocaleString('en')} rows) against ${displayed(reference.label)} (${reference.rows.toLocaleString('en')} rows), ${columns.length} columns`,
    '',
    ...Object.entries(verdict).map(([family, state]) => `${family.padEnd(12)} ${paint(state)}`),
  ]
  const shown = scores.filter((score) => score.state === 'violation' || score.state === 'watch')
  if (shown.length > 0)
    lines.push(
      '',
      terminal.table(
        ['what', 'column', 'value', 'limit', 'p', 'verdict'],
        shown
          .slice(0, MOST_ROWS)
          .map((score) => [
            score.monitor,
            displayed(score.feature),
            figure(score.value),
            figure(score.thresholdHigh ?? score.thresholdLow),
            figure(score.p),
            paint(score.state),
          ]),
      ),
    )
  if (shown.length > MOST_ROWS) lines.push(`… and ${shown.length - MOST_ROWS} more`)
  if (comparison.performance)
    lines.push(
      '',
      terminal.table(
        ['performance', 'reference', 'current', 'expected without truth'],
        comparison.performance.metrics.map((metric) => [
          metric.title,
          ...[metric.reference, metric.current, metric.estimated].map((found) =>
            found?.ok ? figure(found.value) : '–',
          ),
        ]),
      ),
    )
  for (const note of comparison.notes) lines.push('', terminal.colour('dim', displayed(note)))
  if (failed.length > 0) lines.push('', terminal.colour('red', `failed on ${failed.join(', ')}`))
  return lines.join('\n')
}
