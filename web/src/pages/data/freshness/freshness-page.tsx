import { Button, Tooltip } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from 'wouter'
import { rulesQuery } from '../../../api/automation.ts'
import { freshnessQuery, materialise } from '../../../api/data.ts'
import { pipelinesQuery } from '../../../api/pipelines.ts'
import type { DatasetFreshness } from '../../../api/types.ts'
import { Choice } from '../../../components/choice.tsx'
import { Empty } from '../../../components/empty.tsx'
import { FilterField } from '../../../components/filter-field.tsx'
import { Load } from '../../../components/load.tsx'
import { Page } from '../../../components/page.tsx'
import { Panel } from '../../../components/panel.tsx'
import { StateBadge, type Tone } from '../../../components/state-badge.tsx'
import { type Column, Table } from '../../../components/table.tsx'
import { Time } from '../../../components/time.tsx'
import { showToast } from '../../../components/toasts.tsx'
import { useNow } from '../../../components/use-now.ts'
import { useQueryState } from '../../../components/use-query-state.ts'
import { count } from '../../../format/number.ts'
import { duration } from '../../../format/time.ts'
import { useProject, useProjectPath } from '../../../shell/project-context.tsx'
import { AgeBar } from './age-bar.tsx'
import classes from './freshness.module.css'
import { nextPulls } from './next-pulls.ts'

const states: Record<DatasetFreshness['state'], [string, Tone]> = {
  fresh: ['fresh', 'good'],
  late: ['late', 'bad'],
  unknown: ['nothing declared', 'idle'],
  never: ['never pulled', 'warn'],
}

/** What needs a person first: late, failing, never pulled, then those without a declaration, then the fresh ones. */
const urgency = (one: DatasetFreshness) =>
  one.state === 'late' ? 0 : one.failures > 0 ? 1 : one.state === 'never' ? 2 : one.state === 'unknown' ? 3 : 4

/** Every dataset: how old its data is against how old it may be, its pulls, its failures, its owner. */
export default function FreshnessPage() {
  const project = useProject()
  const to = useProjectPath()
  const client = useQueryClient()
  const board = useQuery(freshnessQuery(project))
  const rules = useQuery(rulesQuery(project))
  const pipelines = useQuery(pipelinesQuery(project))
  const [filter, setFilter] = useQueryState('filter')
  const [which, setWhich] = useQueryState('show', 'all')
  const now = useNow()
  const pull = useMutation({
    mutationFn: (dataset: string) => materialise(project, dataset),
    onSuccess: ({ jobId }, dataset) => {
      showToast({ text: `${dataset} is being pulled (job ${jobId})` })
      // a failed pull is told by no event of the dataset
      for (const after of [1500, 5000, 15_000])
        setTimeout(() => void client.invalidateQueries({ queryKey: freshnessQuery(project).queryKey }), after)
    },
    onError: (error) => showToast({ text: error.message, tone: 'bad' }),
  })
  const due = nextPulls(rules.data?.items ?? [], pipelines.data?.items ?? [])

  const columns: Column<DatasetFreshness>[] = [
    {
      key: 'dataset',
      head: 'Dataset',
      cell: (one) => (
        <>
          <b>{one.dataset}</b>
          <div className={classes.from}>
            {one.kind} <Link href={to('sources', one.source)}>{one.source}</Link>
          </div>
        </>
      ),
    },
    {
      key: 'state',
      head: 'State',
      cell: (one) => {
        const [text, tone] = states[one.state]
        return <StateBadge state={one.state} text={text} tone={tone} />
      },
    },
    {
      key: 'age',
      head: 'Newest row',
      width: '22%',
      cell: (one) => (
        <AgeBar
          age={one.newestAt === null ? null : now - one.newestAt}
          within={one.within}
          newestAt={one.newestAt}
          declaredIn={one.declaredIn}
        />
      ),
    },
    {
      key: 'pulled',
      head: 'Last pull',
      cell: (one) => (
        <>
          <Time at={one.pulledAt} />
          {one.version !== null && (
            <div className="muted">
              <Link href={to('data', one.dataset, one.version)}>version {one.version}</Link>
            </div>
          )}
        </>
      ),
    },
    {
      key: 'due',
      head: 'Next',
      cell: (one) => {
        if (one.stream)
          return (
            <>
              <StateBadge
                state={one.stream.state}
                text={one.stream.state === 'paused' ? 'stream paused' : `stream ${one.stream.connection}`}
                tone={one.stream.problem ? 'bad' : one.stream.state === 'paused' ? 'warn' : 'good'}
                hint={one.stream.problem}
              />
              {one.stream.landedAt !== null && (
                <div className="muted">
                  landed <Time at={one.stream.landedAt} />
                </div>
              )}
            </>
          )
        const next = due.get(one.dataset)
        if (!next) return <span className="muted">on demand</span>
        return next.at === null ? (
          <span className="muted">by the rule {next.rule}</span>
        ) : (
          <Tooltip label={`the rule ${next.rule}`}>
            <span>{next.at <= now ? 'now' : `in ${duration(next.at - now)}`}</span>
          </Tooltip>
        )
      },
    },
    {
      key: 'failures',
      head: 'Failures',
      cell: (one) =>
        one.failures === 0 ? (
          <span className="muted">none</span>
        ) : (
          <div className={classes.failure}>
            <StateBadge
              state="failed"
              text={`${one.failures === 1 ? '1 pull' : `${count(one.failures)} pulls`} failed`}
              hint={one.lastFailure?.message ?? null}
            />
            {one.lastFailure && (
              <div className="muted">
                <code>{one.lastFailure.code}</code> <Time at={one.lastFailure.at} />
              </div>
            )}
          </div>
        ),
    },
    { key: 'owner', head: 'Owner', cell: (one) => one.owner ?? <span className="muted">nobody named</span> },
    {
      key: 'pull',
      head: '',
      right: true,
      cell: (one) => (
        <Button
          variant="default"
          size="compact-xs"
          aria-label={`Pull ${one.dataset} now`}
          loading={pull.isPending && pull.variables === one.dataset}
          onClick={() => pull.mutate(one.dataset)}
        >
          Pull now
        </Button>
      ),
    },
  ]
  return (
    <Page
      title="Freshness"
      crumbs={[{ text: 'Data', href: to('data') }]}
      lead="How old the data is against how old it may be, when it was pulled, and who answers for it."
    >
      <Load query={board}>
        {({ items }) => {
          const kinds = {
            all: items,
            late: items.filter(({ state }) => state === 'late'),
            failing: items.filter(({ failures, stream }) => failures > 0 || stream?.problem),
          }
          const shown = (kinds[which as keyof typeof kinds] ?? items)
            .filter((one) =>
              `${one.dataset} ${one.source} ${one.kind} ${one.owner ?? ''}`
                .toLowerCase()
                .includes(filter.toLowerCase()),
            )
            .sort((a, b) => urgency(a) - urgency(b) || (a.dataset < b.dataset ? -1 : 1))
          return (
            <Panel
              flush
              filter={
                items.length > 0 && (
                  <>
                    <Choice
                      label="Which datasets"
                      value={which}
                      onChange={setWhich}
                      options={[
                        { value: 'all', text: `All ${items.length}` },
                        { value: 'late', text: `Late ${kinds.late.length}` },
                        { value: 'failing', text: `Failing ${kinds.failing.length}` },
                      ]}
                    />
                    <FilterField value={filter} onChange={setFilter} placeholder="Filter by name, source or owner" />
                  </>
                )
              }
            >
              {items.length === 0 ? (
                <Empty title="No dataset declared" icon="data">
                  <Link href={to('connect')}>Connect a source</Link>, and its freshness is watched here.
                </Empty>
              ) : shown.length === 0 ? (
                <Empty title={which === 'all' ? 'No dataset is called so' : 'None, which is good'} compact />
              ) : (
                <Table
                  rows={shown}
                  columns={columns}
                  rowKey={(one) => one.dataset}
                  href={(one) => to('data', one.dataset)}
                />
              )}
            </Panel>
          )
        }}
      </Load>
    </Page>
  )
}
