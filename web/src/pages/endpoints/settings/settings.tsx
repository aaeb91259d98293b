import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { putEndpoint } from '../../../api/serving.ts'
import type { EndpointDetail } from '../../../api/types.ts'
import { Snippet } from '../../../components/copy.tsx'
import { Failure } from '../../../components/failure.tsx'
import { Panel } from '../../../components/panel.tsx'
import { showToast } from '../../../components/toasts.tsx'
import { useProject } from '../../../shell/project-context.tsx'
import { endpointYaml, type Spec } from './endpoint-yaml.ts'
import { LimitSettings } from './limit-settings.tsx'
import { RecordSettings } from './record-settings.tsx'
import { ReleaseSettings } from './release-settings.tsx'
import classes from './settings.module.css'

/** What a part of the form gets: the settings as they are now in it, and how to change some. */
export interface SettingsPart {
  spec: Spec
  change(some: Partial<Spec>): void
}

/** Limits, recording and releases of an endpoint as a form; beside it the kedge.yaml that says the same. */
export function Settings({ endpoint }: { endpoint: EndpointDetail }) {
  const project = useProject()
  const client = useQueryClient()
  const [changed, setChanged] = useState<Spec>()
  const spec = changed ?? endpoint.spec
  const apply = useMutation({
    mutationFn: () => putEndpoint(project, endpoint.name, spec),
    async onSuccess() {
      await client.invalidateQueries({ queryKey: [project, 'serving'] })
      setChanged(undefined)
      showToast({ text: `Settings of ${endpoint.name} applied` })
    },
  })
  const part: SettingsPart = { spec, change: (some) => setChanged({ ...spec, ...some }) }
  const yaml = endpointYaml(endpoint.name, spec)
  const isChanged = changed !== undefined && yaml !== endpointYaml(endpoint.name, endpoint.spec)
  return (
    <div className={classes.sides}>
      <div>
        <LimitSettings {...part} />
        <RecordSettings {...part} features={(endpoint.features ?? []).map(({ name }) => name)} />
        <ReleaseSettings {...part} />
      </div>
      <div className={classes.result}>
        <Panel title="kedge.yaml" note={isChanged ? 'with your changes' : 'as it is now'}>
          <Snippet text={yaml} label="Copy the kedge.yaml" />
          <div className={classes.actions}>
            <Button disabled={!isChanged} loading={apply.isPending} onClick={() => apply.mutate()}>
              Apply
            </Button>
            <Button variant="default" disabled={!isChanged} onClick={() => setChanged(undefined)}>
              Discard
            </Button>
          </div>
          {apply.error && <Failure error={apply.error} />}
          <p className="muted" style={{ margin: '10px 0 0' }}>
            Put it into the project’s kedge.yaml: <code>kedge apply</code> goes by the file, and takes back what only
            this page has changed.
          </p>
        </Panel>
        <Panel title="Who may predict">
          <Snippet
            text={`kedge token create ${endpoint.name}-caller --role predictor --project ${project} --days 90`}
            label="Copy the command of a token"
          />
          <p className="muted" style={{ marginBottom: 0 }}>
            A token of the role predictor asks endpoints and sends actuals, nothing else. Without any token the server
            answers this machine alone; a caller’s rate is counted by its token.
          </p>
        </Panel>
      </div>
    </div>
  )
}
