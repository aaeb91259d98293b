import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { authorization, send } from '../../../api/client.ts'
import { artifactsQuery, artifactUrl } from '../../../api/tracking.ts'
import { Digest } from '../../../components/copy.tsx'
import { Empty } from '../../../components/empty.tsx'
import { Icon } from '../../../components/icon.tsx'
import { Load } from '../../../components/load.tsx'
import { Panel } from '../../../components/panel.tsx'
import { showToast } from '../../../components/toasts.tsx'
import { useQueryState } from '../../../components/use-query-state.ts'
import { bytes } from '../../../format/number.ts'
import { useProject } from '../../../shell/project-context.tsx'
import { ArtifactViewer } from './artifact-viewer.tsx'
import classes from './artifacts.module.css'

const parent = (path: string) => path.split('/').slice(0, -1).join('/')

/** The files of a run folder by folder, and the one that is looked at. Both are in the address. */
export default function ArtifactBrowser({ run }: { run: string }) {
  const project = useProject()
  const [folder, setFolder] = useQueryState('folder')
  const [file, setFile] = useQueryState('file')
  const artifacts = useQuery(artifactsQuery(project, run, folder))
  return (
    <Panel title="Artifacts" note={folder || undefined} flush>
      <Load query={artifacts}>
        {({ items }) => {
          const shown = items.find(({ path, directory }) => path === file && !directory)
          if (items.length === 0 && !folder)
            return (
              <Empty title="No artifact was logged" icon="data" command={'mlflow.log_artifact("model.onnx")'}>
                Files, pictures, tables and models that a run logs are here.
              </Empty>
            )
          return (
            <div className={classes.browser}>
              <ul className={classes.list}>
                {folder && (
                  <li>
                    <button type="button" onClick={() => setFolder(parent(folder))} aria-label="Up">
                      <Icon name="folder" size={14} />
                      ..
                    </button>
                  </li>
                )}
                {items.map((item) => (
                  <li key={item.path}>
                    <button
                      type="button"
                      aria-current={item.path === file ? true : undefined}
                      onClick={() => (item.directory ? setFolder(item.path) : setFile(item.path))}
                    >
                      <Icon name={item.directory ? 'folder' : 'journal'} size={14} />
                      <span className="clip">{item.name}</span>
                      <small>{item.directory ? '' : bytes(item.bytes)}</small>
                    </button>
                  </li>
                ))}
              </ul>
              <div className={classes.viewer}>
                {shown ? (
                  <>
                    <header>
                      <b>{shown.name}</b>
                      <span className="muted">{bytes(shown.bytes)}</span>
                      <Digest value={shown.digest} />
                      <Download run={run} path={shown.path} name={shown.name} />
                    </header>
                    <ArtifactViewer key={shown.path} file={{ run, path: shown.path, bytes: shown.bytes }} />
                  </>
                ) : (
                  <Empty title="Choose a file" icon="journal" />
                )}
              </div>
            </div>
          )
        }}
      </Load>
    </Panel>
  )
}

/** A link where the server asks for no token; else the file is fetched with it. */
function Download({ run, path, name }: { run: string; path: string; name: string }) {
  const project = useProject()
  const url = artifactUrl(project, run, path)
  const fetchIt = async () => {
    try {
      const content = await (await send(url, { headers: authorization() })).blob()
      const link = document.createElement('a')
      link.href = URL.createObjectURL(content)
      link.download = name
      link.click()
      URL.revokeObjectURL(link.href)
    } catch (error) {
      showToast({ text: (error as Error).message, tone: 'bad' })
    }
  }
  return 'authorization' in authorization() ? (
    <Button variant="default" onClick={() => void fetchIt()}>
      Download
    </Button>
  ) : (
    <Button variant="default" component="a" href={url} download={name}>
      Download
    </Button>
  )
}
