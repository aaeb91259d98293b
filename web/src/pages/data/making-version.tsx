import { Button } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { cancelJob, jobQuery } from '../../api/jobs.ts'
import { Failure } from '../../components/failure.tsx'
import { Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { Verdict } from '../../components/verdict.tsx'
import { bytes, count } from '../../format/number.ts'
import { duration } from '../../format/time.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import classes from './making-version.module.css'

/** In their order; what each does, for people. */
const stages: [string, string][] = [
  ['open', 'Open the source'],
  ['pull', 'Pull its rows'],
  ['curate', 'Curate'],
  ['write', 'Write'],
  ['verify', 'Verify the counts'],
  ['profile', 'Profile'],
  ['expect', 'Check expectations'],
  ['publish', 'Publish'],
]

/** A version while it is made: where it is, how long it takes, a way to stop it, and what came of it. */
export function MakingVersion({ dataset, jobId, again }: { dataset: string; jobId: number; again?: () => void }) {
  const project = useProject()
  const to = useProjectPath()
  const job = useQuery(jobQuery(project, jobId))
  const stop = useMutation({ mutationFn: () => cancelJob(project, jobId) })
  if (!job.data) return job.error ? <Failure error={job.error} /> : null
  const { state, progress, error, result, createdAt, finishedAt } = job.data
  const at = (progress ?? {}) as { stage?: string; rows?: number; bytes?: number }
  const done = state === 'succeeded'
  const running = state === 'queued' || state === 'running'
  const place = done
    ? stages.length
    : Math.max(
        0,
        stages.findIndex(([name]) => name === at.stage),
      )
  const made = result as { version: number; rowCount: number } | null
  return (
    <Panel
      title={done ? 'A version is made' : running ? 'A version is being made' : 'No version was made'}
      note={duration((finishedAt ?? job.dataUpdatedAt) - createdAt)}
      actions={
        running ? (
          <Button variant="default" loading={stop.isPending || stop.isSuccess} onClick={() => stop.mutate()}>
            Cancel
          </Button>
        ) : (
          !done && again && <Button onClick={again}>Try again</Button>
        )
      }
    >
      <div role="status" aria-live="polite">
        <ol className={classes.stages}>
          {stages.map(([name, text], i) => (
            <li
              key={name}
              data-state={i < place ? 'done' : i > place ? 'coming' : running ? 'now' : done ? 'done' : 'ended'}
              aria-current={i === place && running ? 'step' : undefined}
            >
              {text}
              {i === place && at.bytes !== undefined && running && (
                <span className="muted number"> {bytes(at.bytes)}</span>
              )}
            </li>
          ))}
        </ol>
        {state === 'queued' && <p className="muted">It waits for its turn.</p>}
        {done && made && (
          <p>
            <Link href={to('data', dataset, made.version)}>Version {made.version}</Link> with {count(made.rowCount)}{' '}
            rows <StateBadge state="published" />
          </p>
        )}
        {state === 'cancelled' && <p>It was cancelled; nothing of it was kept.</p>}
        {state === 'failed' && error && (
          <Verdict role="alert">
            <b>{error.message}</b>
            <div>{error.todo}</div>
            <code>{error.code}</code>
          </Verdict>
        )}
      </div>
      {stop.error && <Failure error={stop.error} />}
    </Panel>
  )
}
