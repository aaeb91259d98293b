import { Link } from 'wouter'
import { Page } from '../../components/page.tsx'
import { Panel } from '../../components/panel.tsx'
import { subjectHref, subjectText } from '../../components/subject-link.tsx'
import { useRouteParams } from '../../components/use-route-params.ts'
import { useProjectPath } from '../../shell/project-context.tsx'
import LineageGraph from './lineage-graph.tsx'

export default function LineagePage() {
  const to = useProjectPath()
  const { kind, id } = useRouteParams<'kind' | 'id'>()
  const name = id
  const href = subjectHref(to, `${kind}/${name}`)
  return (
    <Page
      title={`Lineage of ${subjectText(`${kind}/${name}`)}`}
      lead="What it came from, to the left; what came from it, to the right."
      actions={href && <Link href={href}>Its page</Link>}
    >
      <Panel flush>
        <LineageGraph kind={kind} id={name} height={Math.max(420, window.innerHeight - 190)} />
      </Panel>
    </Page>
  )
}
