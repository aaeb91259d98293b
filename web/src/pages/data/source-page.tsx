import { Button } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { sourcePreviewQuery, sourceQuery, testSource } from '../../api/data.ts'
import { Snippet } from '../../components/copy.tsx'
import { Facts } from '../../components/facts.tsx'
import { Failure } from '../../components/failure.tsx'
import { Load } from '../../components/load.tsx'
import { Page } from '../../components/page.tsx'
import { Columns, Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { Time } from '../../components/time.tsx'
import { useRouteParams } from '../../components/use-route-params.ts'
import { duration } from '../../format/time.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { RowsTable } from './rows-table.tsx'

export default function SourcePage() {
  const project = useProject()
  const to = useProjectPath()
  const { source: name } = useRouteParams<'source'>()
  const source = useQuery(sourceQuery(project, name))
  const preview = useQuery(sourcePreviewQuery(project, name))
  const test = useMutation({ mutationFn: () => testSource(project, name) })
  return (
    <Page
      title={name}
      crumbs={[{ text: 'Data', href: to('data') }]}
      lead="A source: rows come from here."
      actions={
        <Button variant="default" loading={test.isPending} onClick={() => test.mutate()}>
          Test the connection
        </Button>
      }
    >
      {test.data && (
        <Panel>
          <StateBadge state={test.data.ok ? 'ok' : 'failed'} text={test.data.ok ? 'answers' : test.data.error?.code} />{' '}
          after {duration(test.data.milliseconds)}
          {test.data.error && (
            <>
              : {test.data.error.message}. {test.data.error.todo}
            </>
          )}
        </Panel>
      )}
      {test.error && <Failure error={test.error} />}
      <Load query={source}>
        {(one) => (
          <Columns>
            <Panel title="Declaration">
              <Facts
                items={{ Kind: one.kind, Declared: <Time at={one.createdAt} />, Changed: <Time at={one.updatedAt} /> }}
              />
            </Panel>
            <Panel title="Settings" note="secrets are left out">
              <Snippet text={JSON.stringify(one.config, null, 2)} />
            </Panel>
          </Columns>
        )}
      </Load>
      <Panel title="Preview" note="the first rows as they come, before any cleaning" flush>
        <Load query={preview}>{(rows) => <RowsTable rows={rows} />}</Load>
      </Panel>
    </Page>
  )
}
