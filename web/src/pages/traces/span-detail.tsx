import { Link } from 'wouter'
import type { TraceDetail, TraceSpan } from '../../api/types.ts'
import { Facts } from '../../components/facts.tsx'
import { Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { duration } from '../../format/time.ts'
import { useProjectPath } from '../../shell/project-context.tsx'
import { Assessments } from './assessments.tsx'
import classes from './traces.module.css'
import { Attributes, ValueView } from './value-view.tsx'

/** Everything that is known of one span. */
export function SpanDetail({ span, trace }: { span: TraceSpan; trace: TraceDetail }) {
  const to = useProjectPath()
  const own = trace.assessments.filter((assessment) => assessment.span === span.id)
  return (
    <Panel title={<span className="clip">{span.name}</span>} note={span.type === 'UNKNOWN' ? null : span.type}>
      <div className={classes.detail}>
        <Facts
          items={{
            Status: (
              <StateBadge
                state={span.status === 'ERROR' ? 'failed' : span.duration === null ? 'running' : 'ok'}
                text={span.status === 'ERROR' ? 'error' : span.duration === null ? 'in progress' : 'ok'}
              />
            ),
            Began: <span className="number">after {duration(span.offset / 1000)}</span>,
            Took: <span className="number">{span.duration === null ? 'goes on' : duration(span.duration / 1000)}</span>,
            Id: <code>{span.id}</code>,
          }}
        />
        {span.message && (
          <p className={classes.message} data-bad={span.status === 'ERROR' || undefined}>
            {span.message}
          </p>
        )}
        {span.inputs !== null && (
          <section>
            <h3>Inputs</h3>
            <ValueView value={span.inputs} label="inputs" />
          </section>
        )}
        {span.outputs !== null && (
          <section>
            <h3>Outputs</h3>
            <ValueView value={span.outputs} label="outputs" />
          </section>
        )}
        {span.events.length > 0 && (
          <section>
            <h3>Events</h3>
            <ul className={classes.events}>
              {span.events.map((event, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: events have no id and their order is theirs
                <li key={i}>
                  <b>{event.name}</b>{' '}
                  <span className="muted number">after {duration((event.offset - span.offset) / 1000)}</span>
                  <Event attributes={event.attributes} />
                </li>
              ))}
            </ul>
          </section>
        )}
        {Object.keys(span.attributes).length > 0 && (
          <section>
            <h3>Attributes</h3>
            <Attributes attributes={span.attributes} />
          </section>
        )}
        {span.links.length > 0 && (
          <section>
            <h3>Links</h3>
            <ul className={classes.events}>
              {span.links.map((link) => (
                <li key={`${link.trace} ${link.span}`}>
                  <Link href={`${to('traces', `tr-${link.trace}`)}?span=${link.span}`}>
                    <code>{link.trace}</code>
                  </Link>
                  <Attributes attributes={link.attributes} />
                </li>
              ))}
            </ul>
          </section>
        )}
        {own.length > 0 && (
          <section>
            <h3>Assessments</h3>
            <Assessments items={own} />
          </section>
        )}
      </div>
    </Panel>
  )
}

/** An exception's stack is shown as it was printed. */
function Event({ attributes }: { attributes: Record<string, unknown> }) {
  const { 'exception.stacktrace': stack, ...others } = attributes
  return (
    <>
      <Attributes attributes={others} />
      {typeof stack === 'string' && <ValueView value={stack} label="stack" />}
    </>
  )
}
