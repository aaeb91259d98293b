import { useQuery } from '@tanstack/react-query'
import { artifactsQuery, artifactUrl } from '../../api/tracking.ts'
import { Empty } from '../../components/empty.tsx'
import { Load } from '../../components/load.tsx'
import { Panel } from '../../components/panel.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { bytes } from '../../format/number.ts'
import { useProject } from '../../shell/project-context.tsx'
import classes from './runs.module.css'

/** The files of a run, folder by folder; a file is downloaded by its link. */
export function Artifacts({ run }: { run: string }) {
  const project = useProject()
  const [folder, setFolder] = useQueryState('folder')
  const artifacts = useQuery(artifactsQuery(project, run, folder))
  return (
    <Panel title="Artifacts" note={folder || undefined} flush>
      <Load query={artifacts}>
        {({ items }) => (
          <ul className={classes.artifacts}>
            {folder && (
              <li>
                <button
                  type="button"
                  className={classes.folder}
                  onClick={() => setFolder(folder.split('/').slice(0, -1).join('/'))}
                >
                  ../
                </button>
              </li>
            )}
            {items.map((item) => (
              <li key={item.path}>
                {item.directory ? (
                  <button type="button" className={classes.folder} onClick={() => setFolder(item.path)}>
                    {item.name}/
                  </button>
                ) : (
                  <a href={artifactUrl(project, run, item.path)} download={item.name}>
                    {item.name}
                  </a>
                )}
                <span className="muted number">{item.directory ? '' : bytes(item.bytes)}</span>
              </li>
            ))}
            {items.length === 0 && !folder && <Empty title="No artifact was logged" compact />}
          </ul>
        )}
      </Load>
    </Panel>
  )
}
