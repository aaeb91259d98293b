import { Tooltip } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { pinVersion, tagVersion, untagVersion } from '../../api/data.ts'
import type { DatasetVersionSummary } from '../../api/types.ts'
import { Icon } from '../../components/icon.tsx'
import { showToast } from '../../components/toasts.tsx'
import { useProject } from '../../shell/project-context.tsx'
import classes from './tags-cell.module.css'

/** The names of a version and whether it is kept, to change where they stand. */
export function TagsCell({ version, tags }: { version: DatasetVersionSummary; tags: readonly string[] }) {
  const project = useProject()
  const client = useQueryClient()
  const [naming, setNaming] = useState(false)
  const [text, setText] = useState('')
  const change = useMutation({
    mutationFn: (act: () => Promise<unknown>) => act(),
    onSuccess: () => client.invalidateQueries({ queryKey: [project, 'data'] }),
    onError: (error) => showToast({ text: error.message, tone: 'bad' }),
  })
  const { dataset, version: number, pinned } = version
  const name = () => {
    const word = text.trim()
    setNaming(false)
    setText('')
    if (word) change.mutate(() => tagVersion(project, dataset, word, number))
  }
  return (
    <div className={classes.tags}>
      <Tooltip
        label={pinned ? 'Kept by every retention; click to let it go' : 'Keep its rows, whatever the retention says'}
      >
        <button
          type="button"
          aria-pressed={pinned}
          aria-label={`Keep version ${number}`}
          className={classes.pin}
          onClick={() => change.mutate(() => pinVersion(project, dataset, number, !pinned))}
        >
          <Icon name="pin" size={13} />
        </button>
      </Tooltip>
      {tags.map((tag) => (
        <span key={tag} className={classes.tag}>
          {tag}
          <button
            type="button"
            aria-label={`Take ${tag} away`}
            onClick={() =>
              change.mutate(async () => {
                await untagVersion(project, dataset, tag)
                showToast({
                  text: `${tag} is taken away`,
                  undo: async () => {
                    await tagVersion(project, dataset, tag, number)
                    await client.invalidateQueries({ queryKey: [project, 'data'] })
                  },
                })
              })
            }
          >
            <Icon name="close" size={10} />
          </button>
        </span>
      ))}
      {naming ? (
        <input
          // biome-ignore lint/a11y/noAutofocus: it was asked for by the button in its place
          autoFocus
          aria-label={`Tag of version ${number}`}
          value={text}
          spellCheck={false}
          onChange={(event) => setText(event.target.value)}
          onBlur={name}
          onKeyDown={(event) => {
            if (event.key === 'Enter') name()
            if (event.key === 'Escape') {
              setText('')
              setNaming(false)
            }
          }}
        />
      ) : (
        <button
          type="button"
          className={classes.add}
          onClick={() => setNaming(true)}
          aria-label={`Tag version ${number}`}
        >
          + tag
        </button>
      )}
    </div>
  )
}
