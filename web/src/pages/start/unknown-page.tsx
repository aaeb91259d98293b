import { Link } from 'wouter'
import { Empty } from '../../components/empty.tsx'
import { Page } from '../../components/page.tsx'
import { useProjectPath } from '../../shell/project-context.tsx'

export default function UnknownPage() {
  const to = useProjectPath()
  return (
    <Page title="No such page">
      <Empty title="Nothing is at this address" icon="search">
        See the <Link href={to()}>overview</Link>, or find a thing by its name with Ctrl K.
      </Empty>
    </Page>
  )
}
