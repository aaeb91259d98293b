import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from 'wouter'
import { consequencesQuery } from '../../api/journal.ts'
import { alertQuery, closeAlert } from '../../api/monitoring.ts'
import type { Alert } from '../../api/types.ts'
import { Empty } from '../../components/empty.tsx'
import { Facts } from '../../components/facts.tsx'
import { Load } from '../../components/load.tsx'
import { Page } from '../../components/page.tsx'
import { Panel } from '../../components/panel.tsx'
import { ReasonDialog } from '../../components/reason-dialog.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { Time } from '../../components/time.tsx'
import { useRouteParams } from '../../components/use-route-params.ts'
import { count, measure } from '../../format/number.ts'
import { eventWindow } from '../../format/time.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { EventList } from '../journal/event-list.tsx'
import { thresholdText } from './family-tiles.tsx'
import classes from './monitoring.module.css'

export default function AlertPage() {
  const project = useProject()
  const to = useProjectPath()
  const client = useQueryClient()
  const id = Number(useRouteParams<'alert'>().alert)
  const alert = useQuery(alertQuery(project, id))
  const followed = useQuery(consequencesQuery(project, alert.data?.event ?? 0))
  const close = useMutation({
    mutationFn: (reason: string) => closeAlert(project, id, reason),
    onSuccess: () => client.invalidateQueries({ queryKey: [project, 'monitoring'] }),
  })
  return (
    <Page
      title={`Alert ${id}`}
      crumbs={[{ text: 'Monitoring', href: `${to('monitoring')}?tab=alerts` }]}
      badge={alert.data && <StateBadge state={alert.data.state} />}
      lead={alert.data && `${alert.data.family} of ${alert.data.endpoint}, revision ${alert.data.revision}`}
      actions={
        alert.data && (
          <>
            <Link
              href={`${to('monitoring')}?endpoint=${encodeURIComponent(alert.data.endpoint)}&tab=${alert.data.family}`}
            >
              Its monitors
            </Link>
            <Link href={to('lineage', 'alert', String(id))}>Lineage</Link>
            {alert.data.state === 'open' && (
              <ReasonDialog
                title={`Close alert ${id}`}
                text="It opens again when a later window is out of the ordinary."
                button="Close the alert"
                onReason={close.mutateAsync}
                trigger={(open) => <Button onClick={open}>Close …</Button>}
              />
            )}
          </>
        )
      }
    >
      <Load query={alert}>
        {(one) => (
          <>
            <Panel>
              <Facts
                items={{
                  Opened: <Time at={one.openedAt} />,
                  'First window': eventWindow(firstWindow(one)),
                  Violations: count(one.violations.length),
                  Closed: one.closedAt === null ? null : <Time at={one.closedAt} />,
                  'Closed by': one.closedBy,
                  Reason: one.reason,
                  Event:
                    one.event === null ? null : <Link href={`${to('journal')}?event=${one.event}`}>{one.event}</Link>,
                }}
              />
            </Panel>
            <Panel title="Likely causes" note="most likely first; weights compare within this alert">
              {one.causes.length === 0 ? (
                <Empty title="None found" compact>
                  No feature, segment or release stands out in these windows.
                </Empty>
              ) : (
                <ul className={classes.causes}>
                  {one.causes.map((cause) => (
                    <li key={`${cause.kind} ${cause.what}`}>
                      <span>
                        <span className="muted">{cause.kind}</span> <b>{cause.what.replace('$', '')}</b>
                      </span>
                      <span className={classes.weight} title={`weight ${measure(cause.weight)}`}>
                        <span
                          style={{
                            width: `${(cause.weight / Math.max(...one.causes.map(({ weight }) => weight), Number.MIN_VALUE)) * 100}%`,
                          }}
                        />
                      </span>
                      <span>{cause.reason}</span>
                    </li>
                  ))}
                </ul>
              )}
            </Panel>
            <Panel title="Violations" flush>
              <Table
                rows={[...one.violations].sort((a, b) => b.windowEnd - a.windowEnd)}
                columns={columns(one, to)}
                rowKey={(row) => `${row.monitor} ${row.feature} ${row.windowEnd} ${row.revision}`}
              />
            </Panel>
            <Panel title="What followed" note="the alert and everything that it led to" flush>
              <Load query={followed}>
                {(items) => (items.length === 0 ? <Empty title="Nothing yet" compact /> : <EventList events={items} />)}
              </Load>
            </Panel>
          </>
        )}
      </Load>
    </Page>
  )
}

const firstWindow = (alert: Alert) => {
  const first = alert.violations.reduce<Alert['violations'][number] | undefined>(
    (least, one) => (!least || one.windowEnd < least.windowEnd ? one : least),
    undefined,
  )
  return first
    ? { from: first.windowStart, to: first.windowEnd }
    : { from: alert.firstWindowEnd, to: alert.firstWindowEnd }
}

const columns = (
  alert: Alert,
  to: (...segments: (string | number)[]) => string,
): Column<Alert['violations'][number]>[] => [
  {
    key: 'window',
    head: 'Window',
    cell: (row) => <span className="number">{eventWindow({ from: row.windowStart, to: row.windowEnd })}</span>,
  },
  { key: 'monitor', head: 'Monitor', cell: (row) => <code>{row.monitor}</code> },
  {
    key: 'feature',
    head: 'Of',
    cell: (row) =>
      row.feature && row.monitor.startsWith('drift') ? (
        <Link
          href={`${to('monitoring')}?endpoint=${encodeURIComponent(alert.endpoint)}&tab=drift&feature=${encodeURIComponent(row.feature)}&window=${row.windowEnd}`}
        >
          {row.feature.replace('$', '')}
        </Link>
      ) : (
        row.feature.replace('$', '') || <span className="muted">the endpoint</span>
      ),
  },
  { key: 'value', head: 'Value', right: true, cell: (row) => measure(row.value) },
  { key: 'threshold', head: 'Ordinary', cell: (row) => thresholdText(row.thresholdLow, row.thresholdHigh) },
  { key: 'samples', head: 'Samples', right: true, cell: (row) => count(row.samples) },
]
