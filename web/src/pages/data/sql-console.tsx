import { Button } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { askVersion } from '../../api/data.ts'
import type { DatasetVersionSummary, QueryAnswer } from '../../api/types.ts'
import { Select } from '../../components/choice.tsx'
import { Empty } from '../../components/empty.tsx'
import { Failure } from '../../components/failure.tsx'
import { Panel } from '../../components/panel.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { count } from '../../format/number.ts'
import { duration } from '../../format/time.ts'
import { useProject } from '../../shell/project-context.tsx'
import { RowsTable } from './rows-table.tsx'
import classes from './sql-console.module.css'

/** Questions in SQL about one version; nothing else can be read, nothing is changed. */
export function SqlConsole({ dataset, versions }: { dataset: string; versions: DatasetVersionSummary[] }) {
  const project = useProject()
  const [number, setNumber] = useQueryState(
    'version',
    String((versions.find(({ state }) => state === 'published') ?? versions[0])?.version ?? ''),
  )
  const [kept, keep] = useQueryState('sql')
  const [sql, setSql] = useState(kept || 'SELECT * FROM rows LIMIT 100')
  const [answer, setAnswer] = useState<QueryAnswer>()
  const [error, setError] = useState<unknown>()
  const running = useRef<AbortController>(undefined)
  const [busy, setBusy] = useState(false)
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(() => () => running.current?.abort(), [])
  const version = versions.find((one) => String(one.version) === number)
  if (!version)
    return (
      <Panel>
        <Empty title="No version to ask yet" compact>
          SQL asks the rows of a version; make one above.
        </Empty>
      </Panel>
    )
  const ask = async () => {
    running.current?.abort()
    const own = new AbortController()
    running.current = own
    setBusy(true)
    setError(undefined)
    keep(sql)
    try {
      setAnswer(await askVersion(project, dataset, version.version, sql, own.signal))
    } catch (failure) {
      if (!own.signal.aborted) setError(failure)
    } finally {
      if (running.current === own) setBusy(false)
    }
  }
  const insert = (name: string) => {
    const input = field.current!
    const text = /^[A-Za-z_]\w*$/.test(name) ? name : `\`${name}\``
    setSql(sql.slice(0, input.selectionStart) + text + sql.slice(input.selectionEnd))
    input.focus()
  }
  return (
    <>
      <Panel
        title="SQL"
        note={
          <>
            the version is the table <code>rows</code>; only reading, at most 15 s, 1 GiB and 1,000 rows
          </>
        }
        actions={
          <>
            <Select
              label="Version"
              value={number}
              onChange={setNumber}
              options={versions.map((one) => ({ value: String(one.version), text: `${one.version} (${one.state})` }))}
            />
            {busy && (
              <Button variant="default" onClick={() => running.current?.abort()}>
                Cancel
              </Button>
            )}
            <Button loading={busy} onClick={() => void ask()}>
              Ask
            </Button>
          </>
        }
      >
        <textarea
          ref={field}
          className={classes.sql}
          aria-label="SQL"
          rows={Math.min(16, Math.max(4, sql.split('\n').length + 1))}
          spellCheck={false}
          value={sql}
          onChange={(event) => setSql(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
            event.preventDefault()
            void ask()
          }}
        />
        <div className={classes.columns}>
          <span className="muted">
            <kbd>Ctrl</kbd> <kbd>Enter</kbd> asks · columns:
          </span>
          {version.schema.slice(0, 60).map((column) => (
            <button key={column.name} type="button" onClick={() => insert(column.name)} title={column.type}>
              {column.name}
            </button>
          ))}
        </div>
        {error !== undefined && <Failure error={error} />}
      </Panel>
      {answer && error === undefined && (
        <Panel
          flush
          title="Answer"
          note={`${count(answer.rows.length)} rows${answer.cut ? ', and there are more' : ''}, ${duration(answer.milliseconds)}`}
        >
          <RowsTable rows={answer} head="Answer" />
        </Panel>
      )}
    </>
  )
}
