import { Tooltip } from '@mantine/core'
import { Link } from 'wouter'
import type { DatasetVersionSummary } from '../../api/types.ts'
import { Empty } from '../../components/empty.tsx'
import { Panel } from '../../components/panel.tsx'
import { dateTime } from '../../format/time.ts'
import { useProjectPath } from '../../shell/project-context.tsx'
import classes from './quality-history.module.css'

type Result = DatasetVersionSummary['expectations'][number]

const mostVersions = 60

/** What was expected of each version and whether it was so: expectations down, versions across, the newest to the right. */
export function QualityHistory({ dataset, versions }: { dataset: string; versions: DatasetVersionSummary[] }) {
  const to = useProjectPath()
  const shown = versions.slice(0, mostVersions).reverse()
  const rows = new Map<string, { title: string; what: string; results: Map<number, Result> }>()
  for (const version of shown)
    for (const result of version.expectations) {
      const key = keyOf(result)
      const row = rows.get(key) ?? { title: result.title, what: whatOf(result), results: new Map<number, Result>() }
      row.results.set(version.version, result)
      rows.set(key, row)
    }
  if (rows.size === 0)
    return (
      <Panel>
        <Empty title="Nothing was expected of any version" compact>
          Some are suggested from the data under{' '}
          <Link href={`${to('data', dataset)}?tab=expectations`}>Expectations</Link>.
        </Empty>
      </Panel>
    )
  const newest = versions[0]!.version
  const failing = (row: { results: Map<number, Result> }) => [...row.results.values()].filter(({ ok }) => !ok).length
  const sorted = [...rows.entries()].sort(([, a], [, b]) => failing(b) - failing(a))
  return (
    <Panel flush title="Expectations over versions" note="those that failed most are above; warnings are paler">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls by keyboard */}
      <div className={classes.scroll} tabIndex={0}>
        <table className={classes.grid}>
          <thead>
            <tr>
              <th scope="col">Expectation</th>
              {shown.map((one) => (
                <th key={one.version} scope="col">
                  <Link href={`${to('data', dataset, one.version)}?tab=expectations`} title={dateTime(one.createdAt)}>
                    {one.version}
                  </Link>
                </th>
              ))}
              <th scope="col">Found in version {newest}</th>
            </tr>
          </thead>
          <tbody>
            {sorted.map(([key, row]) => (
              <tr key={key}>
                <th scope="row">
                  <span className="clip" title={row.title}>
                    {row.what}
                  </span>
                </th>
                {shown.map((one) => {
                  const result = row.results.get(one.version)
                  const state = !result ? 'none' : result.ok ? 'ok' : result.severity === 'warn' ? 'warn' : 'bad'
                  const text = result
                    ? `${result.ok ? 'met' : 'not met'}: ${result.message}`
                    : 'not asked of this version'
                  return (
                    <td key={one.version}>
                      <Tooltip label={`Version ${one.version}: ${text}`}>
                        <span data-state={state} role="img" aria-label={text} />
                      </Tooltip>
                    </td>
                  )
                })}
                <td className={classes.found} data-bad={row.results.get(newest)?.ok === false || undefined}>
                  {row.results.get(newest)?.message}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}

/** The same expectation of the same columns is one row, also when its bounds were changed. */
const keyOf = (result: Result) => `${result.kind} ${columnsOf(result.config)}`

const whatOf = (result: Result) =>
  [result.kind.replaceAll('_', ' '), columnsOf(result.config)].filter(Boolean).join(' ')

function columnsOf(config: unknown): string {
  if (typeof config === 'string') return config
  if (Array.isArray(config)) return config.join(', ')
  const { column, columns, of, that, a, b, description, dataset } = (config ?? {}) as Record<string, unknown>
  if (Array.isArray(columns)) return columns.join(', ')
  return [of, column, a, b, that, description, dataset].filter((one) => typeof one === 'string').join(' ')
}
