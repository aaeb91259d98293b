import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { Link } from 'wouter'
import { gatesQuery, modelQuery, modelVersionQuery, promotionsQuery } from '../../api/registry.ts'
import { Digest } from '../../components/copy.tsx'
import { Facts } from '../../components/facts.tsx'
import { Load } from '../../components/load.tsx'
import { Page } from '../../components/page.tsx'
import { Lines } from '../../components/page-skeleton.tsx'
import { Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { Time } from '../../components/time.tsx'
import { useRouteParams } from '../../components/use-route-params.ts'
import { bytes } from '../../format/number.ts'
import { date } from '../../format/time.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { AliasBadge } from './alias-badge.tsx'
import { AliasDialog } from './alias-dialog.tsx'
import { GateAgain } from './gate-again.tsx'
import { GateEvidence } from './gate-evidence.tsx'
import { Promotions } from './promotions.tsx'
import { Signature } from './signature.tsx'

const LineageGraph = lazy(() => import('../lineage/lineage-graph.tsx'))

export default function ModelVersionPage() {
  const project = useProject()
  const to = useProjectPath()
  const { model, version: text } = useRouteParams<'model' | 'version'>()
  const number = Number(text)
  const version = useQuery(modelVersionQuery(project, model, number))
  const aliases = useQuery(modelQuery(project, model)).data?.aliases ?? {}
  const gates = useQuery(gatesQuery(project, model)).data?.items.filter((gate) => gate.version === number) ?? []
  const promotions =
    useQuery(promotionsQuery(project, model)).data?.items.filter((one) => one.to === number || one.from === number) ??
    []
  return (
    <Page
      title={`${model} ${number}`}
      crumbs={[
        { text: 'Models', href: to('models') },
        { text: model, href: to('models', model) },
      ]}
      badge={version.data?.aliases.map((alias) => <AliasBadge key={alias} alias={alias} />)}
      lead={version.data?.description}
      actions={
        version.data && (
          <>
            <Link href={`${to('models', model)}?tab=compare&b=${number}`}>Compare</Link>
            <Link href={to('models', model, number, 'profile')}>What it looks at</Link>
            <GateAgain model={model} version={number} />
            <AliasDialog
              model={model}
              button="Move an alias here …"
              aliases={aliases}
              versions={[number]}
              version={number}
            />
          </>
        )
      }
    >
      <Load query={version}>
        {(one) => (
          <>
            <Panel title="Facts">
              <Facts
                items={{
                  Gate: <StateBadge state={one.gate} text={one.gate === 'none' ? 'no gate' : one.gate} />,
                  Kind: one.kind ?? '–',
                  Size: bytes(one.bytes),
                  Digest: <Digest value={one.digest} />,
                  'Data until': one.asOf === null ? '–' : date(one.asOf),
                  'Trained on':
                    one.datasetVersions.length === 0
                      ? '–'
                      : one.datasetVersions.map((used) => (
                          <div key={`${used.dataset}@${used.version} ${used.role}`}>
                            <Link
                              href={to('data', used.dataset, used.version)}
                            >{`${used.dataset} ${used.version}`}</Link>{' '}
                            <span className="muted">{used.role}</span>
                          </div>
                        )),
                  'Pipeline run':
                    one.pipelineRun === null ? null : (
                      <Link
                        href={`${to('pipeline-runs', one.pipelineRun)}?step=${one.step ?? ''}`}
                      >{`${one.pipelineRun}, step ${one.step ?? ''}`}</Link>
                    ),
                  Run: one.runId && <Link href={to('runs', one.runId)}>{one.runId.slice(0, 8)}</Link>,
                  Code: one.codeDigest && <Digest value={one.codeDigest} />,
                  Environment: one.environmentDigest && <Digest value={one.environmentDigest} />,
                  Reference: one.reference && <Digest value={one.reference} />,
                  Registered: <Time at={one.createdAt} />,
                }}
              />
            </Panel>
            {gates.map((gate) => (
              <GateEvidence key={gate.id} gate={gate} />
            ))}
            <Panel
              title="Lineage"
              note="sources left, what came from it right; point at a line for the relation"
              flush
              actions={<Link href={to('lineage', 'model_version', `${model}@${number}`)}>Whole page</Link>}
            >
              <Suspense fallback={<Lines count={4} />}>
                <LineageGraph kind="model_version" id={`${model}@${number}`} height={300} within={3} />
              </Suspense>
            </Panel>
            {promotions.length > 0 && <Promotions items={promotions} />}
            {one.signature != null && (
              <Panel title="Signature" note="features it takes, answer it gives">
                <Signature signature={one.signature} />
              </Panel>
            )}
          </>
        )}
      </Load>
    </Page>
  )
}
