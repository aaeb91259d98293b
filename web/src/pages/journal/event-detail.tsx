import { useQuery } from '@tanstack/react-query'
import { latestEventsQuery } from '../../api/journal.ts'
import type { JournalEvent } from '../../api/types.ts'
import { Digest, Snippet } from '../../components/copy.tsx'
import { Facts } from '../../components/facts.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { SubjectLink } from '../../components/subject-link.tsx'
import { dateTime } from '../../format/time.ts'
import { useProject } from '../../shell/project-context.tsx'
import classes from './event-detail.module.css'
import { eventText } from './event-text.ts'
import { eventTone } from './event-tone.ts'

/** One event with its data, what led to it and what else happened to its subject. */
export function EventDetail({ event, onCause }: { event: JournalEvent; onCause(id: number): void }) {
  const project = useProject()
  const same = useQuery(latestEventsQuery(project, { subject: event.subject }, 10))
  return (
    <div className={classes.detail}>
      <div>
        <StateBadge state={event.type} text={event.type} tone={eventTone(event.type)} />{' '}
        <SubjectLink subject={event.subject} />
      </div>
      <p>{eventText(event)}</p>
      <Facts
        items={{
          Time: `${dateTime(event.time)} UTC`,
          Actor: event.actor,
          Cause: event.cause ? (
            <button type="button" className={classes.link} onClick={() => onCause(event.cause!)}>
              event {event.cause}
            </button>
          ) : (
            'none: it began here'
          ),
          Hash: <Digest value={event.hash} />,
        }}
      />
      <Snippet text={JSON.stringify(event.data, null, 2)} label="Copy the data" />
      {(same.data?.items.length ?? 0) > 1 && (
        <>
          <h3>The same subject</h3>
          <ul className={classes.same}>
            {same.data!.items.map((one) => (
              <li key={one.id}>
                <button
                  type="button"
                  className={classes.link}
                  onClick={() => onCause(one.id)}
                  disabled={one.id === event.id}
                >
                  {one.id}
                </button>
                <span>{one.type}</span>
                <span className="clip muted">{eventText(one)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  )
}
