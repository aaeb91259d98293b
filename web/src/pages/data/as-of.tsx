import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { versionAsOf } from '../../api/data.ts'
import { Failure } from '../../components/failure.tsx'
import input from '../../components/input.module.css'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import classes from './as-of.module.css'

/** Goes to the version that was the newest published one at a time. */
export function AsOf({ dataset }: { dataset: string }) {
  const project = useProject()
  const to = useProjectPath()
  const [, go] = useLocation()
  const [time, setTime] = useState('')
  const find = useMutation({
    mutationFn: () => versionAsOf(project, dataset, new Date(time).getTime()),
    onSuccess: ({ version }) => go(to('data', dataset, version)),
  })
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault()
        if (time) find.mutate()
      }}
    >
      <label>
        As of
        <input
          className={input.input}
          type="datetime-local"
          step={1}
          value={time}
          onChange={(event) => setTime(event.target.value)}
        />
      </label>
      <Button variant="default" type="submit" disabled={!time} loading={find.isPending}>
        Show
      </Button>
      {find.error && <Failure error={find.error} />}
    </form>
  )
}
