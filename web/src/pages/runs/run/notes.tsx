import { Button } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { setRunTag } from '../../../api/tracking.ts'
import { Choice } from '../../../components/choice.tsx'
import { Failure } from '../../../components/failure.tsx'
import { Markdown } from '../../../components/markdown.tsx'
import { Panel } from '../../../components/panel.tsx'
import { useProject } from '../../../shell/project-context.tsx'
import classes from './run.module.css'

/** the tag under which MLflow keeps the notes of a run */
export const noteTag = 'mlflow.note.content'
const longest = 8000

/** Notes of a run in Markdown: read, written, and looked at before they are saved. */
export function Notes({ run, text }: { run: string; text: string }) {
  const project = useProject()
  const client = useQueryClient()
  const [draft, setDraft] = useState<string>()
  const [mode, setMode] = useState<'write' | 'preview'>('write')
  const [error, setError] = useState<unknown>()
  const save = async () => {
    setError(undefined)
    try {
      await setRunTag(project, run, noteTag, draft!.trim() === '' ? null : draft!)
      await client.invalidateQueries({ queryKey: [project, 'tracking', 'run', run] })
      setDraft(undefined)
    } catch (failure) {
      setError(failure)
    }
  }
  const editing = draft !== undefined
  return (
    <Panel
      title="Notes"
      actions={
        editing ? (
          <>
            <Choice<'write' | 'preview'> label="Notes" value={mode} onChange={setMode} options={['write', 'preview']} />
            <Button variant="subtle" color="gray" onClick={() => setDraft(undefined)}>
              Leave as it was
            </Button>
            <Button onClick={() => void save()} disabled={draft === text || draft.length > longest}>
              Save
            </Button>
          </>
        ) : (
          <Button
            variant="default"
            onClick={() => {
              setDraft(text)
              setMode('write')
            }}
          >
            {text ? 'Edit' : 'Write'}
          </Button>
        )
      }
    >
      {error !== undefined && <Failure error={error} />}
      {editing && mode === 'write' ? (
        <>
          <textarea
            className={classes.notes}
            // biome-ignore lint/a11y/noAutofocus: it was asked for by the button
            autoFocus
            aria-label="Notes in Markdown"
            placeholder="What was tried, and what came out. **Markdown** is rendered; HTML is shown as it is written."
            value={draft}
            rows={10}
            onChange={(event) => setDraft(event.target.value)}
            onKeyDown={(event) => {
              if ((event.ctrlKey || event.metaKey) && event.key === 'Enter') void save()
            }}
          />
          <div className={classes.noteFoot}>
            {draft.length.toLocaleString('en')} of {longest.toLocaleString('en')} characters · Ctrl Enter saves
          </div>
        </>
      ) : (draft ?? text) ? (
        <Markdown text={draft ?? text} />
      ) : (
        <span className="muted">Nothing yet.</span>
      )}
    </Panel>
  )
}
