import { Button, Modal } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { type BulkAction, changeRuns } from '../../../api/tracking.ts'
import { Failure } from '../../../components/failure.tsx'
import { showToast } from '../../../components/toasts.tsx'
import { count } from '../../../format/number.ts'
import { useProject } from '../../../shell/project-context.tsx'
import classes from './table.module.css'

/** more do not fit into a link */
export const mostCompared = 300

/** What can be done with the runs that were selected; each can be taken back for some seconds. */
export function BulkBar({
  ids,
  deleted,
  onCompare,
  onClear,
}: {
  ids: string[]
  /** the runs are deleted ones */
  deleted: boolean
  onCompare(): void
  onClear(): void
}) {
  const project = useProject()
  const client = useQueryClient()
  const [tagging, setTagging] = useState(false)
  const apply = async (action: BulkAction) => {
    const answer = await changeRuns(project, action)
    await client.invalidateQueries({ queryKey: [project, 'tracking'] })
    return answer
  }
  const move = async (action: 'delete' | 'restore') => {
    try {
      const { changed } = await apply({ action, runs: ids })
      onClear()
      showToast({
        text: `${count(changed.length)} ${changed.length === 1 ? 'run' : 'runs'} ${action === 'delete' ? 'deleted' : 'restored'}`,
        undo: () => apply({ action: action === 'delete' ? 'restore' : 'delete', runs: changed }),
      })
    } catch (error) {
      showToast({ text: (error as Error).message, tone: 'bad' })
    }
  }
  const tag = async (key: string, value: string | null) => {
    const { changed, before } = await apply({ action: 'tag', runs: ids, key, value })
    showToast({
      text: `${value === null ? 'Took' : 'Set'} the tag ${key} ${value === null ? 'from' : 'of'} ${count(changed.length)} ${changed.length === 1 ? 'run' : 'runs'}`,
      undo: async () => {
        const byValue = Map.groupBy(Object.entries(before), ([, had]) => had)
        for (const [had, entries] of byValue)
          await apply({ action: 'tag', runs: entries.map(([id]) => id), key, value: had })
      },
    })
  }
  return (
    <div className={classes.bar} role="toolbar" aria-label="Selected runs">
      <span>
        <b>{count(ids.length)}</b> selected
      </span>
      <Button
        onClick={onCompare}
        disabled={ids.length > mostCompared}
        title={ids.length > mostCompared ? `At most ${mostCompared} at once` : undefined}
      >
        Compare
      </Button>
      <Button variant="default" onClick={() => setTagging(true)}>
        Tag …
      </Button>
      {deleted ? (
        <Button variant="default" onClick={() => void move('restore')}>
          Restore
        </Button>
      ) : (
        <Button variant="default" color="red" onClick={() => void move('delete')}>
          Delete
        </Button>
      )}
      <Button variant="subtle" color="gray" onClick={onClear}>
        Clear
      </Button>
      <TagDialog opened={tagging} runs={ids.length} onClose={() => setTagging(false)} onTag={tag} />
    </div>
  )
}

function TagDialog({
  opened,
  runs,
  onClose,
  onTag,
}: {
  opened: boolean
  runs: number
  onClose(): void
  onTag(key: string, value: string | null): Promise<unknown>
}) {
  const [key, setKey] = useState('')
  const [value, setValue] = useState('')
  const [error, setError] = useState<unknown>()
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setError(undefined)
    try {
      await onTag(key.trim(), value === '' ? null : value)
      onClose()
    } catch (failure) {
      setError(failure)
    }
  }
  return (
    <Modal opened={opened} onClose={onClose} title={`Tag ${count(runs)} ${runs === 1 ? 'run' : 'runs'}`} size="sm">
      <form className={classes.form} onSubmit={submit}>
        <label>
          Key
          <input data-autofocus value={key} onChange={(event) => setKey(event.target.value)} />
        </label>
        <label>
          Value (empty takes the tag away)
          <input value={value} onChange={(event) => setValue(event.target.value)} />
        </label>
        {error !== undefined && <Failure error={error} />}
        <Button type="submit" disabled={!key.trim()}>
          {value === '' ? 'Take it away' : 'Set it'}
        </Button>
      </form>
    </Modal>
  )
}
