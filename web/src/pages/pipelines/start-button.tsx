import { Button, Modal } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useLocation } from 'wouter'
import { startPipeline } from '../../api/pipelines.ts'
import { Failure } from '../../components/failure.tsx'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import classes from './pipelines.module.css'

/** Starts a pipeline as of now, or as of a day of the data. */
export function StartButton({ pipeline }: { pipeline: string }) {
  const project = useProject()
  const to = useProjectPath()
  const client = useQueryClient()
  const [, go] = useLocation()
  const [opened, setOpened] = useState(false)
  const [asOf, setAsOf] = useState('')
  const [force, setForce] = useState(false)
  const start = useMutation({
    mutationFn: () =>
      startPipeline(project, pipeline, {
        ...(asOf ? { asOf: Date.parse(`${asOf}T00:00:00Z`) } : {}),
        ...(force ? { force } : {}),
      }),
    onSuccess(run) {
      void client.invalidateQueries({ queryKey: [project, 'pipelines'] })
      go(to('pipeline-runs', run.id))
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    start.mutate()
  }
  return (
    <>
      <Button onClick={() => setOpened(true)}>Start …</Button>
      <Modal opened={opened} onClose={() => setOpened(false)} title={`Start ${pipeline}`} size="sm">
        <form className={classes.dialog} onSubmit={submit}>
          <label>
            As of (event time; empty for now)
            <input type="date" value={asOf} onChange={(event) => setAsOf(event.target.value)} data-autofocus />
          </label>
          <label className={classes.inline}>
            <input type="checkbox" checked={force} onChange={(event) => setForce(event.target.checked)} />
            Run every step, also those whose inputs have not changed
          </label>
          {start.error && <Failure error={start.error} />}
          <Button type="submit" loading={start.isPending}>
            Start
          </Button>
        </form>
      </Modal>
    </>
  )
}
