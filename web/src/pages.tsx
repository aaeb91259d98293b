import { type ComponentType, lazy, Suspense } from 'react'
import { Redirect, Route, Switch } from 'wouter'
import { PageSkeleton } from './components/page-skeleton.tsx'
import { useRouteParams } from './components/use-route-params.ts'
import { mlflowLink } from './shell/mlflow-link.ts'
import { PageBoundary } from './shell/page-boundary.tsx'
import { ProjectShell } from './shell/project-shell.tsx'

type Params = Record<string, string>

/** A page in its own chunk, loaded when it is first opened. */
const page = (load: () => Promise<{ default: ComponentType }>) => {
  const Page = lazy(load)
  return () => (
    <PageBoundary>
      <Suspense fallback={<PageSkeleton />}>
        <Page />
      </Suspense>
    </PageBoundary>
  )
}

const Start = page(() => import('./pages/start/start-page.tsx'))

/** MLflow's client prints addresses of MLflow's pages, which keep what they show behind the #. */
function FromMlflow({ project, otherwise: Page }: { project: string; otherwise: ComponentType }) {
  const link = mlflowLink(project, location.hash)
  return link ? <Redirect to={link} replace /> : <Page />
}

const Overview = page(() => import('./pages/overview/overview-page.tsx'))
const OfProject = () => <FromMlflow project={useRouteParams().project!} otherwise={Overview} />

/** Path under `/projects/:project` → page. */
const projectPages: [string, ComponentType][] = [
  ['', OfProject],
  ['/data', page(() => import('./pages/data/data-page.tsx'))],
  ['/freshness', page(() => import('./pages/data/freshness/freshness-page.tsx'))],
  ['/connect', page(() => import('./pages/data/connect/connect-page.tsx'))],
  ['/data/:dataset', page(() => import('./pages/data/dataset-page.tsx'))],
  ['/data/:dataset/:version', page(() => import('./pages/data/version-page.tsx'))],
  ['/sources/:source', page(() => import('./pages/data/source-page.tsx'))],
  ['/features', page(() => import('./pages/features/features-page.tsx'))],
  ['/features/:view', page(() => import('./pages/features/feature-view-page.tsx'))],
  ['/runs', page(() => import('./pages/runs/runs-page.tsx'))],
  ['/runs/compare', page(() => import('./pages/runs/compare/compare-page.tsx'))],
  ['/runs/:run', page(() => import('./pages/runs/run-page.tsx'))],
  ['/traces', page(() => import('./pages/traces/traces-page.tsx'))],
  ['/traces/:trace', page(() => import('./pages/traces/trace-page.tsx'))],
  ['/pipelines', page(() => import('./pages/pipelines/pipelines-page.tsx'))],
  ['/pipelines/:pipeline', page(() => import('./pages/pipelines/pipeline-page.tsx'))],
  ['/pipeline-runs/:pipelineRun', page(() => import('./pages/pipelines/pipeline-run-page.tsx'))],
  ['/models', page(() => import('./pages/models/models-page.tsx'))],
  ['/models/:model', page(() => import('./pages/models/model-page.tsx'))],
  ['/models/:model/:version', page(() => import('./pages/models/model-version-page.tsx'))],
  ['/endpoints', page(() => import('./pages/endpoints/endpoints-page.tsx'))],
  ['/endpoints/:endpoint', page(() => import('./pages/endpoints/endpoint-page.tsx'))],
  ['/endpoints/:endpoint/explanations', page(() => import('./pages/explanations/explanations-page.tsx'))],
  ['/models/:model/:version/profile', page(() => import('./pages/explanations/model-profile-page.tsx'))],
  ['/monitoring', page(() => import('./pages/monitoring/monitoring-page.tsx'))],
  ['/alerts/:alert', page(() => import('./pages/monitoring/alert-page.tsx'))],
  ['/journal', page(() => import('./pages/journal/journal-page.tsx'))],
  ['/lineage/:kind/:id', page(() => import('./pages/lineage/lineage-page.tsx'))],
  ['/*', page(() => import('./pages/start/unknown-page.tsx'))],
]

export const Pages = () => (
  <Switch>
    <Route path="/">{() => <FromMlflow project="default" otherwise={Start} />}</Route>
    <Route path="/projects" component={Start} />
    <Route path="/projects/:project/*?">
      {(params: Params) => (
        <ProjectShell key={params.project} project={decodeURIComponent(params.project!)}>
          <Switch>
            {projectPages.map(([path, Page]) => (
              <Route key={path} path={`/projects/:project${path}`} component={Page} />
            ))}
          </Switch>
        </ProjectShell>
      )}
    </Route>
    <Route>
      <Redirect to="/" />
    </Route>
  </Switch>
)
