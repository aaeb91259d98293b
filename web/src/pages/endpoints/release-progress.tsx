import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from 'wouter'
import { abortRelease, promoteRelease } from '../../api/serving.ts'
import type { Analysis, Release } from '../../api/types.ts'
import { Explained } from '../../components/explained.tsx'
import { Failure } from '../../components/failure.tsx'
import { Panel } from '../../components/panel.tsx'
import { ReasonDialog } from '../../components/reason-dialog.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { Time } from '../../components/time.tsx'
import { count, measure } from '../../format/number.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { plannedStages } from './planned-stages.ts'
import classes from './release-progress.module.css'

/** The way of a new revision to the callers: stages behind it, the one it is in with its analyses, those to come. */
export function ReleaseProgress({ release }: { release: Release }) {
  const project = useProject()
  const to = useProjectPath()
  const client = useQueryClient()
  const refresh = { onSuccess: () => client.invalidateQueries({ queryKey: [project, 'serving'] }) }
  const promote = useMutation({
    mutationFn: (reason: string) => promoteRelease(project, release, reason),
    ...refresh,
  })
  const abort = useMutation({ mutationFn: (reason: string) => abortRelease(project, release, reason), ...refresh })
  const running = release.state === 'running'
  return (
    <Panel
      title={
        <>
          Release {release.id}:{' '}
          <Link href={to('models', release.model, release.version)}>{`${release.model} ${release.version}`}</Link>{' '}
          <StateBadge state={release.state} />
        </>
      }
      note={
        <>
          {release.finishedAt === null ? 'began ' : 'ended '}
          <Time at={release.finishedAt ?? release.startedAt} />
        </>
      }
      actions={
        running && (
          <>
            <ReasonDialog
              title="Give it all traffic now"
              text="The remaining stages and their analyses are left out."
              button="Promote"
              onReason={promote.mutateAsync}
              trigger={(open) => (
                <Button variant="default" onClick={open}>
                  Promote …
                </Button>
              )}
            />
            <ReasonDialog
              title="Take the new revision out"
              text="The present revision answers every caller again."
              button="Abort"
              danger
              onReason={abort.mutateAsync}
              trigger={(open) => (
                <Button variant="light" color="red" onClick={open}>
                  Abort …
                </Button>
              )}
            />
          </>
        )
      }
    >
      {(promote.error ?? abort.error) && <Failure error={promote.error ?? abort.error} />}
      {release.reason && <p className={classes.reason}>{release.reason}</p>}
      <ol className={classes.stages}>
        {plannedStages(release).map((stage) => (
          <li key={stage.name} data-state={stage.state}>
            <div className={classes.name}>{stage.name}</div>
            <div className={classes.note}>
              {stage.state === 'now' && running ? (
                <Explained
                  definition="Predictions that the new revision made in this stage, of those that it needs before the analyses may let it go on."
                  facts={{ Made: count(release.progress.predictions), Needed: count(release.progress.needed) }}
                >
                  {count(release.progress.predictions)} of {count(release.progress.needed)}
                </Explained>
              ) : stage.report ? (
                `${count(stage.report.predictions)} predictions`
              ) : stage.state === 'left out' ? (
                'left out'
              ) : (
                'to come'
              )}
            </div>
            {stage.state === 'now' && running && (
              <div className={classes.progress}>
                <span
                  style={{
                    width: `${Math.min(100, (release.progress.predictions / Math.max(1, release.progress.needed)) * 100)}%`,
                  }}
                />
              </div>
            )}
          </li>
        ))}
      </ol>
      <Analyses analyses={running ? release.analyses : (release.stages.at(-1)?.analyses ?? release.analyses)} />
    </Panel>
  )
}

const Analyses = ({ analyses }: { analyses: Analysis[] }) =>
  analyses.length === 0 ? null : (
    <ul className={classes.analyses}>
      {analyses.map((one) => (
        <li key={one.kind}>
          <StateBadge state={one.verdict} />
          <Explained
            definition={one.reason}
            facts={Object.fromEntries(
              Object.entries(one.evidence).map(([key, value]) => [
                key,
                typeof value === 'number' ? measure(value) : String(value),
              ]),
            )}
          >
            {one.kind.replaceAll('_', ' ')}
          </Explained>
          <span className="muted">{one.reason}</span>
        </li>
      ))}
    </ul>
  )
