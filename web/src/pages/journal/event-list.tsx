import { Link } from 'wouter'
import type { JournalEvent } from '../../api/types.ts'
import { Dot } from '../../components/state-badge.tsx'
import { SubjectLink } from '../../components/subject-link.tsx'
import { Time } from '../../components/time.tsx'
import { useProjectPath } from '../../shell/project-context.tsx'
import classes from './event-list.module.css'
import { eventText } from './event-text.ts'
import { eventTone } from './event-tone.ts'

/** A few events, one line each: when, what happened to what, and what it says. */
export function EventList({ events, fresh }: { events: readonly JournalEvent[]; fresh?: ReadonlySet<number> }) {
  const to = useProjectPath()
  return (
    <ol className={classes.list}>
      {events.map((event) => (
        <li key={event.id} data-fresh={fresh?.has(event.id) || undefined} title={`${event.type}: ${eventText(event)}`}>
          <span className={classes.time}>
            <Time at={event.time} />
          </span>
          <Dot tone={eventTone(event.type)} still />
          <span className={classes.text}>
            <SubjectLink subject={event.subject} />{' '}
            <Link href={`${to('journal')}?event=${event.id}`} className={classes.happened}>
              {event.type.split('.')[1]?.replaceAll('_', ' ')}
            </Link>{' '}
            <span className="muted">{eventText(event)}</span>
          </span>
        </li>
      ))}
    </ol>
  )
}
