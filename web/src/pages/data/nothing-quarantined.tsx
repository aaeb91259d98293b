import { Empty } from '../../components/empty.tsx'
import { Panel } from '../../components/panel.tsx'

export const NothingQuarantined = () => (
  <Panel>
    <Empty title="No row was quarantined" compact>
      Every row that was read was kept, or removed by a step that says so (filter, deduplicate).
    </Empty>
  </Panel>
)
