import { Button, Modal } from '@mantine/core'
import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import { eventQuery, eventTypesQuery, journalQuery, verifyJournal } from '../../api/journal.ts'
import type { JournalEvent } from '../../api/types.ts'
import { Choice, Select } from '../../components/choice.tsx'
import { Digest } from '../../components/copy.tsx'
import { Empty } from '../../components/empty.tsx'
import { Failure } from '../../components/failure.tsx'
import { FilterField } from '../../components/filter-field.tsx'
import { Page } from '../../components/page.tsx'
import { Lines } from '../../components/page-skeleton.tsx'
import { Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { SubjectLink } from '../../components/subject-link.tsx'
import { Time } from '../../components/time.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { type VirtualColumn, VirtualTable } from '../../components/virtual-table.tsx'
import { useLiveEvents, useProject } from '../../shell/project-context.tsx'
import { EventDetail } from './event-detail.tsx'
import { eventText } from './event-text.ts'
import { eventTone } from './event-tone.ts'

export default function JournalPage() {
  const project = useProject()
  const [type, setType] = useQueryState('type')
  const [filter, setFilter] = useQueryState('filter')
  const [follow, setFollow] = useQueryState('follow', 'on')
  const [open, setOpen] = useQueryState('event')
  const pages = useInfiniteQuery(journalQuery(project, { ...(type ? { type } : {}) }))
  const types = useQuery(eventTypesQuery())
  const live = useLiveEvents()
  const verify = useMutation({ mutationFn: verifyJournal })

  const events = useMemo(() => {
    const stored = pages.data?.pages.flatMap((page) => page.items) ?? []
    const newest = stored[0]?.id ?? 0
    const fresh = follow === 'on' ? live.filter((event) => event.id > newest && (!type || event.type === type)) : []
    const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
    return [...fresh, ...stored].filter((event) => {
      const text = `${event.id} ${event.type} ${event.subject} ${event.actor} ${eventText(event)}`.toLowerCase()
      return words.every((word) => text.includes(word))
    })
  }, [pages.data, live, follow, filter, type])
  const more = useCallback(() => {
    if (pages.hasNextPage && !pages.isFetchingNextPage) void pages.fetchNextPage()
  }, [pages.hasNextPage, pages.isFetchingNextPage, pages.fetchNextPage])
  const opened = useQuery(eventQuery(Number(open) || 0)).data

  return (
    <Page
      title="Journal"
      lead="Every change of state, in one order, who made it and what led to it."
      actions={
        <Button variant="default" loading={verify.isPending} onClick={() => verify.mutate()}>
          Verify
        </Button>
      }
    >
      {verify.data && (
        <Panel>
          <StateBadge state="ok" text="verified" /> All {verify.data.entries.toLocaleString('en')} entries fit their
          hashes; the last is <Digest value={verify.data.hash} />
        </Panel>
      )}
      {verify.error && <Failure error={verify.error} />}
      <Panel
        flush
        filter={<FilterField value={filter} onChange={setFilter} placeholder="Filter by subject, actor, text" />}
        actions={
          <>
            <Select
              label="Type"
              value={type}
              onChange={setType}
              options={[
                { value: '', text: 'all' },
                ...(types.data?.items ?? [])
                  .map((one) => ({ value: one.type, text: one.type }))
                  .sort((a, b) => a.text.localeCompare(b.text)),
              ]}
            />
            <Choice
              label="New events"
              value={follow}
              onChange={setFollow}
              options={[
                { value: 'on', text: 'Following' },
                { value: 'off', text: 'Still' },
              ]}
            />
          </>
        }
      >
        {pages.isPending ? (
          <Lines count={8} />
        ) : pages.error && !pages.data ? (
          <Failure error={pages.error} retry={() => void pages.refetch()} />
        ) : events.length === 0 ? (
          <Empty
            title={filter || type ? 'No event fits' : 'Nothing has happened in this project yet'}
            command={filter || type ? undefined : 'kedge apply -f kedge.yaml'}
            icon="journal"
          >
            {filter || type
              ? 'Take a word out of the filter, or choose all types.'
              : 'Each change writes an event here.'}
          </Empty>
        ) : (
          <VirtualTable
            label="Events"
            rows={events}
            columns={columns}
            rowKey={(event) => event.id}
            minWidth={900}
            onEnd={more}
            onRow={(event) => setOpen(String(event.id))}
            selected={(event) => String(event.id) === open}
          />
        )}
      </Panel>
      <Modal opened={Boolean(opened)} onClose={() => setOpen('')} title={opened ? `Event ${opened.id}` : ''} size="lg">
        {opened && <EventDetail event={opened} onCause={(id) => setOpen(String(id))} />}
      </Modal>
    </Page>
  )
}

const columns: VirtualColumn<JournalEvent>[] = [
  { key: 'id', head: '#', width: '64px', right: true, cell: (event) => <span className="muted">{event.id}</span> },
  { key: 'time', head: 'When', width: '102px', cell: (event) => <Time at={event.time} /> },
  {
    key: 'type',
    head: 'Type',
    width: '206px',
    cell: (event) => <StateBadge state={event.type} text={event.type} tone={eventTone(event.type)} />,
  },
  {
    key: 'subject',
    head: 'Subject',
    width: 'minmax(170px, 0.8fr)',
    cell: (event) => <SubjectLink subject={event.subject} />,
  },
  {
    key: 'text',
    head: 'What',
    width: 'minmax(200px, 1.6fr)',
    cell: (event) => <span title={eventText(event)}>{eventText(event)}</span>,
  },
  {
    key: 'actor',
    head: 'Actor',
    width: '130px',
    cell: (event) => (
      <span className="muted" title={event.actor}>
        {event.actor}
      </span>
    ),
  },
  {
    key: 'cause',
    head: 'Cause',
    width: '70px',
    right: true,
    cell: (event) => (event.cause ? <span className="muted">← {event.cause}</span> : null),
  },
]
