import { authorization } from '../../api/client.ts'
import { Snippet } from '../../components/copy.tsx'
import { Columns, Panel } from '../../components/panel.tsx'
import { useProject } from '../../shell/project-context.tsx'

const formats = ['html', 'pdf', 'json', 'parquet'] as const

/** The newest window as a document, from here or from a shell; a check of two files in CI. */
export function Reports({ endpoint }: { endpoint: string }) {
  const project = useProject()
  const address = `/api/v1/projects/${encodeURIComponent(project)}/endpoints/${encodeURIComponent(endpoint)}/report`
  // a link carries no token
  const secured = 'authorization' in authorization()
  const server = location.origin === 'http://127.0.0.1:4700' ? '' : ` --url ${location.origin}`
  return (
    <Columns wide>
      <Panel title="A report of the newest window" note="one file that needs nothing else">
        <Snippet
          text={`kedge report ${endpoint} --project ${project}${server} --window 7d -o ${endpoint}.html`}
          label="Copy the command of a report"
        />
        <p className="muted" style={{ marginBottom: 0 }}>
          The ending says the form.{!secured && ' From here, the last 7 days: '}
          {(secured ? [] : formats).map((format, i) => (
            <span key={format}>
              {i > 0 && ', '}
              <a
                href={`${address}?format=${format}&window=7d`}
                {...(format === 'html' ? { target: '_blank', rel: 'noreferrer' } : { download: true })}
              >
                {format === 'html' || format === 'pdf' || format === 'json' ? format.toUpperCase() : 'Parquet'}
              </a>
            </span>
          ))}
        </p>
      </Panel>
      <Panel title="Two files against each other" note="in CI: an exit code, no server">
        <Snippet
          text={'kedge check reference.parquet current.parquet --fail-on drift,quality --report report.html'}
          label="Copy the command of a check"
        />
        <p className="muted" style={{ marginBottom: 0 }}>
          Limits come from the reference’s own parts; the exit code is 1 when something that <code>--fail-on</code>{' '}
          names is wrong.
        </p>
      </Panel>
    </Columns>
  )
}
