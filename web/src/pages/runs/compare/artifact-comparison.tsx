import { Button } from '@mantine/core'
import { useQueries, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { Link } from 'wouter'
import { artifactBytesQuery, artifactsQuery } from '../../../api/tracking.ts'
import type { ArtifactList, RunSummary } from '../../../api/types.ts'
import { Choice, Select } from '../../../components/choice.tsx'
import { Empty } from '../../../components/empty.tsx'
import { Lines } from '../../../components/page-skeleton.tsx'
import { Panel } from '../../../components/panel.tsx'
import { useQueryState } from '../../../components/use-query-state.ts'
import { useProject, useProjectPath } from '../../../shell/project-context.tsx'
import { artifactKind } from '../artifacts/artifact-kind.ts'
import { ArtifactViewer } from '../artifacts/artifact-viewer.tsx'
import { lineDiff } from '../artifacts/line-diff.ts'
import classes from './compare.module.css'

/** beyond, only these are set side by side */
const mostSide = 12
const mostText = 400_000

type Item = ArtifactList['items'][number]

/** The same file of several runs side by side; the texts of two also line by line. */
export function ArtifactComparison({ runs, colours }: { runs: RunSummary[]; colours: string[] }) {
  const project = useProject()
  const [folder, setFolder] = useQueryState('folder')
  const [file, setFile] = useQueryState('file')
  const [as, setAs] = useQueryState('as', 'side')
  const some = runs.slice(0, mostSide)
  const lists = useQueries({ queries: some.map((run) => artifactsQuery(project, run.id, folder)) })
  const byPath = useMemo(() => {
    const found = new Map<string, (Item | undefined)[]>()
    for (const [i, { data }] of lists.entries())
      for (const item of data?.items ?? []) {
        const own = found.get(item.path) ?? new Array<Item | undefined>(some.length).fill(undefined)
        own[i] = item
        found.set(item.path, own)
      }
    return found
  }, [lists, some.length])
  const waiting = lists.some(({ isPending }) => isPending)
  const paths = [...byPath.keys()].sort()
  const files = byPath.get(file)
  const kind = artifactKind(file)
  const canDiff =
    some.length === 2 && files?.every(Boolean) && ['text', 'json', 'markdown', 'model', 'csv'].includes(kind)
  return (
    <Panel
      title="Artifacts"
      note={runs.length > mostSide ? `of the first ${mostSide} runs` : folder || undefined}
      actions={
        <>
          {folder && (
            <Button variant="default" onClick={() => setFolder(folder.split('/').slice(0, -1).join('/'))}>
              Up
            </Button>
          )}
          <Select
            label="File"
            value={file}
            onChange={(path) => (byPath.get(path)?.some((item) => item?.directory) ? setFolder(path) : setFile(path))}
            options={[
              { value: '', text: 'choose' },
              ...(file && !byPath.has(file) ? [{ value: file, text: file }] : []),
              ...paths.map((path) => {
                const items = byPath.get(path)!
                const there = items.filter(Boolean)
                const same = there.length === some.length && new Set(there.map((item) => item!.digest)).size === 1
                const directory = there.some((item) => item!.directory)
                return {
                  value: path,
                  text: `${path.slice(folder ? folder.length + 1 : 0)}${directory ? '/' : same ? ' (equal)' : there.length < some.length ? ` (${there.length} of ${some.length})` : ''}`,
                }
              }),
            ]}
          />
          {canDiff && (
            <Choice
              label="How"
              value={as}
              onChange={setAs}
              options={[
                { value: 'side', text: 'side by side' },
                { value: 'diff', text: 'line by line' },
              ]}
            />
          )}
        </>
      }
    >
      {waiting && paths.length === 0 ? (
        <Lines count={4} />
      ) : paths.length === 0 ? (
        <Empty title="These runs have logged no artifact" compact />
      ) : !files ? (
        <Empty title="Choose a file" compact>
          Pictures, tables, texts and models' signatures are set side by side.
        </Empty>
      ) : canDiff && as === 'diff' ? (
        <TextDiff runs={some} path={file} />
      ) : (
        <div className={classes.side}>
          {some.map((run, i) => (
            <Side key={run.id} run={run} item={files[i]} colour={colours[i]!} />
          ))}
        </div>
      )}
    </Panel>
  )
}

function Side({ run, item, colour }: { run: RunSummary; item: Item | undefined; colour: string }) {
  const to = useProjectPath()
  return (
    <section>
      <header>
        <i className={classes.dot} style={{ background: colour }} />
        <Link href={to('runs', run.id)} className="clip">
          {run.name}
        </Link>
      </header>
      {item ? (
        <ArtifactViewer file={{ run: run.id, path: item.path, bytes: item.bytes }} />
      ) : (
        <Empty title="It has no such file" compact />
      )}
    </section>
  )
}

function TextDiff({ runs, path }: { runs: RunSummary[]; path: string }) {
  const project = useProject()
  const before = useQuery(artifactBytesQuery(project, runs[0]!.id, path, mostText))
  const after = useQuery(artifactBytesQuery(project, runs[1]!.id, path, mostText))
  const lines = useMemo(() => {
    if (!before.data || !after.data) return undefined
    const text = (content: ArrayBuffer) => new TextDecoder().decode(content).replace(/\n$/, '')
    return lineDiff(text(before.data), text(after.data)) ?? null
  }, [before.data, after.data])
  if (lines === undefined) return <Lines count={4} />
  if (lines === null) return <Empty title="These texts are too long to compare line by line" compact />
  const changed = lines.filter(({ kind }) => kind !== 'same').length
  return (
    <>
      <p className="muted" style={{ marginTop: 0 }}>
        − {runs[0]!.name}, + {runs[1]!.name}: {changed === 0 ? 'equal' : `${changed} lines differ`}
      </p>
      <pre className={classes.diff}>
        {lines.map(({ kind, text }, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no name
          <div key={i} data-kind={kind}>
            {text}
          </div>
        ))}
      </pre>
    </>
  )
}
