import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { gateAgain } from '../../api/registry.ts'
import { showToast } from '../../components/toasts.tsx'
import { useProject } from '../../shell/project-context.tsx'

/** Has the gate decide about a version again; its decision shows when it has come. */
export function GateAgain({ model, version }: { model: string; version: number }) {
  const project = useProject()
  const client = useQueryClient()
  const again = useMutation({
    mutationFn: () => gateAgain(project, model, version),
    onSuccess({ jobId }) {
      void client.invalidateQueries({ queryKey: [project, 'registry'] })
      showToast({ text: jobId === null ? 'There is nothing that the gate could judge' : 'The gate decides again' })
    },
    onError: (error) => showToast({ text: error.message, tone: 'bad' }),
  })
  return (
    <Button variant="default" loading={again.isPending} onClick={() => again.mutate()}>
      Gate again
    </Button>
  )
}
