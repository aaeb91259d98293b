import { Link } from 'wouter'
import type { JournalEvent } from '../../api/types.ts'
import { StateBadge } from '../../components/state-badge.tsx'
import { SubjectLink } from '../../components/subject-link.tsx'
import { Time } from '../../components/time.tsx'
import { useProjectPath } from '../../shell/project-context.tsx'
import classes from './event-list.module.css'
import { eventText } from './event-text.ts'
import { eventTone } from './event-tone.ts'

/** A few events, one line each. */
export function EventList({ events, fresh }: { events: readonly JournalEvent[]; fresh?: ReadonlySet<number> }) {
  const to = useProjectPath()
  return (
    <ol className={classes.list}>
      {events.map((event) => (
        <li key={event.id} data-fresh={fresh?.has(event.id) || undefined}>
          <span className={classes.time}>
            <Time at={event.time} />
          </span>
          <Link href={`${to('journal')}?event=${event.id}`} className={classes.type}>
            <StateBadge state={event.type} text={event.type} tone={eventTone(event.type)} />
          </Link>
          <span className={classes.text}>
            <SubjectLink subject={event.subject} /> <span className="muted">{eventText(event)}</span>
          </span>
        </li>
      ))}
    </ol>
  )
}
