import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { putDataset } from '../../../api/data.ts'
import { Failure } from '../../../components/failure.tsx'
import { showToast } from '../../../components/toasts.tsx'
import { useProject } from '../../../shell/project-context.tsx'
import classes from './curate.module.css'
import type { DatasetDraft } from './draft.ts'

/** What is not saved yet, to save or to leave. */
export function DraftBar({ dataset, draft }: { dataset: string; draft: DatasetDraft }) {
  const project = useProject()
  const client = useQueryClient()
  const save = useMutation({
    mutationFn: () => putDataset(project, dataset, draft.spec),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: [project, 'data'] })
      draft.discard()
      showToast({ text: `${dataset} is declared so; the next version is made by it` })
    },
  })
  if (!draft.changed) return null
  return (
    <div className={classes.bar}>
      <div>
        <b>Not saved yet.</b>{' '}
        {draft.overtaken
          ? 'Somebody has changed the declaration meanwhile; saving replaces theirs.'
          : 'The next version is made by what is saved; versions that are there stay as they are.'}
      </div>
      <div className={classes.buttons}>
        <Button variant="default" onClick={draft.discard}>
          Discard the changes
        </Button>
        <Button loading={save.isPending} onClick={() => save.mutate()}>
          Save
        </Button>
      </div>
      {save.error && <Failure error={save.error} />}
    </div>
  )
}
