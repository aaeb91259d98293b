import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { modelVersionQuery } from '../../api/registry.ts'
import { runQuery } from '../../api/tracking.ts'
import type { Gate, ModelVersion, RunDetail } from '../../api/types.ts'
import { Select } from '../../components/choice.tsx'
import { Empty } from '../../components/empty.tsx'
import { Explained } from '../../components/explained.tsx'
import { Load } from '../../components/load.tsx'
import { Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { bytes, measure } from '../../format/number.ts'
import { date, dateTime } from '../../format/time.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { AliasBadge } from './alias-badge.tsx'
import { GateEvidence } from './gate-evidence.tsx'
import classes from './models.module.css'
import { Signature, signatureFields } from './signature.tsx'

interface Line {
  key: string
  values: [ReactNode, ReactNode]
  differs: boolean
  /** of the second against the first */
  change?: number
}

/** Two versions of a model side by side: what they were made from, what they reached, what they take, what the gate saw. */
export function VersionComparison({
  model,
  versions,
  gates,
}: {
  model: string
  versions: ModelVersion[]
  gates: Gate[]
}) {
  const project = useProject()
  const numbers = versions.map(({ version }) => version)
  const champion = versions.find(({ aliases }) => aliases.includes('champion'))?.version
  const [a, setA] = useQueryState('a', String(champion ?? numbers[1] ?? numbers[0] ?? ''))
  const [b, setB] = useQueryState('b', String(numbers.find((one) => String(one) !== a) ?? numbers[0] ?? ''))
  const [only, setOnly] = useQueryState('only')
  const first = useQuery(modelVersionQuery(project, model, Number(a)))
  const second = useQuery(modelVersionQuery(project, model, Number(b)))
  const firstRun = useQuery({ ...runQuery(project, first.data?.runId ?? ''), enabled: Boolean(first.data?.runId) }).data
  const secondRun = useQuery({
    ...runQuery(project, second.data?.runId ?? ''),
    enabled: Boolean(second.data?.runId),
  }).data
  if (numbers.length < 2)
    return (
      <Panel>
        <Empty title="There is one version" icon="model">
          Two can be compared.
        </Empty>
      </Panel>
    )
  const options = versions.map((one) => ({
    value: String(one.version),
    text: `${one.version}${one.aliases.length > 0 ? ` @${one.aliases.join(' @')}` : ''}`,
  }))
  return (
    <Load query={first}>
      {(left) => (
        <Load query={second}>
          {(right) => {
            const sections = linesOf(left, right, firstRun, secondRun)
            return (
              <>
                <Panel
                  flush
                  title={`${model} ${a} and ${b}`}
                  actions={
                    <>
                      <Select label="Version" value={a} onChange={setA} options={options} />
                      <Select label="against" value={b} onChange={setB} options={options} />
                      <label className={classes.check}>
                        <input
                          type="checkbox"
                          checked={only === 'differences'}
                          onChange={(event) => setOnly(event.target.checked ? 'differences' : '')}
                        />
                        Only what differs
                      </label>
                    </>
                  }
                >
                  <table className={classes.pair}>
                    <thead>
                      <tr>
                        <th />
                        {[left, right].map((one, i) => (
                          // biome-ignore lint/suspicious/noArrayIndexKey: left and right, maybe the same version
                          <th key={i}>
                            Version {one.version}{' '}
                            {one.aliases.map((alias) => (
                              <AliasBadge key={alias} alias={alias} />
                            ))}
                          </th>
                        ))}
                      </tr>
                    </thead>
                    {sections.map(({ title, lines }) => {
                      const shown = only === 'differences' ? lines.filter(({ differs }) => differs) : lines
                      return (
                        shown.length > 0 && (
                          <tbody key={title}>
                            <tr data-section>
                              <th colSpan={3}>{title}</th>
                            </tr>
                            {shown.map((line) => (
                              <tr key={line.key} data-differs={line.differs || undefined}>
                                <th scope="row">{line.key}</th>
                                <td>{line.values[0] ?? <span className="muted">–</span>}</td>
                                <td>
                                  {line.values[1] ?? <span className="muted">–</span>}
                                  {line.change !== undefined && line.change !== 0 && (
                                    <span className="muted">
                                      {' '}
                                      ({line.change > 0 ? '+' : ''}
                                      {measure(line.change, 3)})
                                    </span>
                                  )}
                                </td>
                              </tr>
                            ))}
                          </tbody>
                        )
                      )
                    })}
                  </table>
                </Panel>
                {(left.signature != null || right.signature != null) && (
                  <div className={classes.gates}>
                    {[left, right].map((one, i) => (
                      // biome-ignore lint/suspicious/noArrayIndexKey: as above
                      <Panel key={i} title={`Signature of version ${one.version}`}>
                        {one.signature == null ? (
                          <span className="muted">It has none.</span>
                        ) : (
                          <Signature signature={one.signature} />
                        )}
                      </Panel>
                    ))}
                  </div>
                )}
                <div className={classes.gates}>
                  {[left, right].map((one) => {
                    const gate = gates.find(({ version }) => version === one.version)
                    return gate && <GateEvidence key={`${one.version} ${gate.id}`} gate={gate} />
                  })}
                </div>
              </>
            )
          }}
        </Load>
      )}
    </Load>
  )
}

function linesOf(a: ModelVersion, b: ModelVersion, runA: RunDetail | undefined, runB: RunDetail | undefined) {
  const line = (
    key: string,
    of: (one: ModelVersion) => string | null,
    show?: (one: ModelVersion) => ReactNode,
  ): Line => ({
    key,
    values: [show?.(a) ?? of(a), show?.(b) ?? of(b)],
    differs: of(a) !== of(b),
  })
  const inputs = ({ signature }: ModelVersion) => {
    const whole = signature as Record<string, unknown> | null
    return new Map(signatureFields(whole?.inputs ?? whole?.features).map((field) => [field.name, field.type]))
  }
  const fields = (one: Map<string, string>, other: Map<string, string>): Line[] =>
    [...new Set([...one.keys(), ...other.keys()])].map((key) => ({
      key,
      values: [one.get(key), other.get(key)],
      differs: one.get(key) !== other.get(key),
    }))
  const metric = (run: RunDetail | undefined, key: string) => run?.latest.find((one) => one.key === key)
  const metrics = [...new Set([runA, runB].flatMap((run) => run?.latest.map(({ key }) => key) ?? []))]
    .filter((key) => !key.startsWith('system/'))
    .map((key): Line => {
      const [left, right] = [metric(runA, key), metric(runB, key)]
      const show = (one: typeof left) =>
        one && (
          <Explained
            definition={`The latest value of ${key} as the version's run logged it.`}
            facts={{ Exactly: one.value, Step: one.step, Logged: `${dateTime(one.time)} UTC` }}
          >
            {one.value === null ? 'NaN' : measure(one.value)}
          </Explained>
        )
      return {
        key,
        values: [show(left), show(right)],
        differs: left?.value !== right?.value,
        ...(left?.value != null && right?.value != null ? { change: right.value - left.value } : {}),
      }
    })
  const params = [...new Set([runA, runB].flatMap((run) => Object.keys(run?.params ?? {})))].sort().map(
    (key): Line => ({
      key,
      values: [runA?.params[key], runB?.params[key]],
      differs: runA?.params[key] !== runB?.params[key],
    }),
  )
  return [
    {
      title: 'Version',
      lines: [
        line(
          'Gate',
          (one) => one.gate,
          (one) => <StateBadge state={one.gate} text={one.gate === 'none' ? 'no gate' : one.gate} />,
        ),
        line('Registered', (one) => dateTime(one.createdAt)),
        line('Data until', (one) => (one.asOf === null ? null : date(one.asOf))),
        line(
          'Trained on',
          (one) =>
            one.datasetVersions.map(({ dataset, version, role }) => `${dataset} ${version} (${role})`).join(', ') ||
            null,
        ),
        line(
          'Run',
          (one) => one.runId,
          (one) => one.runId && <RunLink run={one.runId} />,
        ),
        line('Kind', (one) => one.kind),
        line('Size', (one) => bytes(one.bytes)),
        line(
          'Digest',
          (one) => one.digest,
          (one) => one.digest && <code>{one.digest.replace('sha256:', '').slice(0, 16)}</code>,
        ),
        line(
          'Code',
          (one) => one.codeDigest,
          (one) => one.codeDigest && <code>{one.codeDigest.slice(0, 16)}</code>,
        ),
        line(
          'Environment',
          (one) => one.environmentDigest,
          (one) => one.environmentDigest && <code>{one.environmentDigest.slice(0, 16)}</code>,
        ),
      ],
    },
    { title: 'Metrics of their runs', lines: metrics },
    { title: 'Params of their runs', lines: params },
    { title: 'Inputs', lines: fields(inputs(a), inputs(b)) },
  ]
}

function RunLink({ run }: { run: string }) {
  const to = useProjectPath()
  return <Link href={to('runs', run)}>{run.slice(0, 8)}</Link>
}
