import { Button, Modal } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { folderQuery } from '../../../api/data.ts'
import { Empty } from '../../../components/empty.tsx'
import { Icon } from '../../../components/icon.tsx'
import { Load } from '../../../components/load.tsx'
import { bytes } from '../../../format/number.ts'
import { dateTime } from '../../../format/time.ts'
import { useProject } from '../../../shell/project-context.tsx'
import classes from './connect.module.css'

/** Looks for a file on the server's machine, as far as sources may read there. */
export function PlaceBrowser({ onChoose }: { onChoose(path: string): void }) {
  const [opened, setOpened] = useState(false)
  return (
    <>
      <Button variant="default" onClick={() => setOpened(true)}>
        Look for it
      </Button>
      <Modal opened={opened} onClose={() => setOpened(false)} title="Files on the server" size="lg">
        {opened && (
          <Folder
            onChoose={(path) => {
              setOpened(false)
              onChoose(path)
            }}
          />
        )}
      </Modal>
    </>
  )
}

function Folder({ onChoose }: { onChoose(path: string): void }) {
  const project = useProject()
  const [path, setPath] = useState('')
  const folder = useQuery(folderQuery(project, path))
  return (
    <Load query={folder}>
      {({ path: whole, above, items, more }) => {
        const endings = [
          ...new Set(items.filter((one) => !one.folder).map(({ name }) => /\.[^.]+(\.(gz|zst|xz))?$/.exec(name)?.[0])),
        ]
          .filter((ending) => ending !== undefined)
          .slice(0, 4)
        return (
          <div className={classes.folder}>
            <code>{whole}</code>
            <ul>
              {above !== null && (
                <li>
                  <button type="button" onClick={() => setPath(above)}>
                    <Icon name="folder" /> ..
                  </button>
                </li>
              )}
              {items.map((one) => (
                <li key={one.name}>
                  <button type="button" onClick={() => (one.folder ? setPath(one.path) : onChoose(one.path))}>
                    <Icon name={one.folder ? 'folder' : 'journal'} />
                    <span className="clip">{one.name}</span>
                    <span className="muted number">
                      {one.folder ? '' : `${bytes(one.bytes)} · ${dateTime(one.changedAt)}`}
                    </span>
                  </button>
                </li>
              ))}
            </ul>
            {items.length === 0 && <Empty title="Nothing in this folder" compact />}
            {more && <p className="muted">Only the first {items.length} are shown; type the path of another one.</p>}
            {endings.length > 0 && (
              <div className={classes.patterns}>
                <span className="muted">All of them at once:</span>
                {endings.map((ending) => (
                  <Button key={ending} variant="default" onClick={() => onChoose(`${whole}/*${ending}`)}>
                    *{ending}
                  </Button>
                ))}
              </div>
            )}
          </div>
        )
      }}
    </Load>
  )
}
