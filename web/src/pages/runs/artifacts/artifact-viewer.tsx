import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useMemo } from 'react'
import { artifactBytesQuery } from '../../../api/tracking.ts'
import { Empty } from '../../../components/empty.tsx'
import { Failure } from '../../../components/failure.tsx'
import { Markdown } from '../../../components/markdown.tsx'
import { Lines } from '../../../components/page-skeleton.tsx'
import { bytes } from '../../../format/number.ts'
import { useProject } from '../../../shell/project-context.tsx'
import { artifactKind, imageType } from './artifact-kind.ts'
import classes from './artifacts.module.css'
import { cellText, type Sheet, tableOfCsv, tableOfJson } from './read-table.ts'

const ParquetView = lazy(() => import('./parquet-view.tsx'))
const ModelView = lazy(() => import('./model-view.tsx'))

const most = { image: 20_000_000, text: 2_000_000, parquet: 50_000_000, markdown: 100_000 }

export interface ArtifactFile {
  run: string
  path: string
  bytes: number | null
}

/** Shows a file of a run: pictures, tables, texts, Markdown, a model's signature; of anything else its size. */
export function ArtifactViewer({ file }: { file: ArtifactFile }) {
  const project = useProject()
  const kind = artifactKind(file.path)
  const limit = kind === 'image' ? most.image : kind === 'parquet' ? most.parquet : most.text
  const tooLarge = (file.bytes ?? 0) > limit
  const cut = tooLarge && kind !== 'image' && kind !== 'parquet' && kind !== 'json'
  const shown = kind !== 'binary' && (!tooLarge || cut)
  const content = useQuery({
    ...artifactBytesQuery(project, file.run, file.path, cut ? limit : undefined),
    enabled: shown && file.bytes !== 0,
  })
  if (file.bytes === 0) return <Empty title="The file is empty" compact />
  if (!shown)
    return (
      <Empty title={tooLarge ? `${bytes(file.bytes)} are too many to show` : 'This kind of file is not shown'} compact>
        Download it to look at it.
      </Empty>
    )
  if (content.error) return <Failure error={content.error} retry={() => void content.refetch()} />
  if (!content.data) return <Lines count={4} />
  return (
    <Suspense fallback={<Lines count={4} />}>
      {cut && <p className="muted">The first {bytes(limit)}.</p>}
      {kind === 'image' ? (
        <Picture content={content.data} path={file.path} />
      ) : kind === 'parquet' ? (
        <ParquetView content={content.data} />
      ) : (
        <TextOf content={content.data} kind={kind} path={file.path} />
      )}
    </Suspense>
  )
}

function TextOf({ content, kind, path }: { content: ArrayBuffer; kind: string; path: string }) {
  const text = useMemo(() => new TextDecoder().decode(content), [content])
  const parsed = useMemo(() => (kind === 'json' ? parse(text) : undefined), [kind, text])
  if (kind === 'markdown' && text.length <= most.markdown) return <Markdown text={text} />
  if (kind === 'model') return <ModelView text={text} />
  if (kind === 'csv') return <SheetView sheet={tableOfCsv(text, path.endsWith('.tsv') ? '\t' : ',')} />
  if (parsed !== undefined) {
    const sheet = tableOfJson(parsed)
    return sheet ? <SheetView sheet={sheet} /> : <Text text={JSON.stringify(parsed, null, 2)} />
  }
  return <Text text={text} />
}

const Text = ({ text }: { text: string }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls by keyboard
  <pre className={classes.text} tabIndex={0}>
    {text}
  </pre>
)

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** As a `data:` address: the page lets pictures come from nowhere else. */
function Picture({ content, path }: { content: ArrayBuffer; path: string }) {
  const source = useMemo(() => {
    const view = new Uint8Array(content)
    let text = ''
    for (let i = 0; i < view.length; i += 8192) text += String.fromCharCode(...view.subarray(i, i + 8192))
    return `data:${imageType(path)};base64,${btoa(text)}`
  }, [content, path])
  return <img className={classes.picture} src={source} alt={path} />
}

export function SheetView({ sheet }: { sheet: Sheet }) {
  const { columns, rows, total } = sheet
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls by keyboard */}
      <div className={classes.sheet} tabIndex={0}>
        <table>
          <thead>
            <tr>
              {columns.map((column, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: two columns may have one name
                <th key={i}>{column}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows have no name
              <tr key={i}>
                {columns.map((_, j) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: as above
                  <td key={j} data-right={typeof row[j] === 'number' || undefined} title={cellText(row[j])}>
                    {cellText(row[j])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="muted" style={{ margin: '6px 0 0' }}>
        {total !== undefined && total > rows.length
          ? `The first ${rows.length.toLocaleString('en')} of ${total.toLocaleString('en')} rows.`
          : `${rows.length.toLocaleString('en')} ${rows.length === 1 ? 'row' : 'rows'}.`}
      </p>
    </>
  )
}
