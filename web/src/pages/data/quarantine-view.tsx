import { Link } from 'wouter'
import type { DatasetVersion } from '../../api/types.ts'
import { CategoryBars } from '../../charts/histogram.tsx'
import { Panel } from '../../components/panel.tsx'
import { count, percent } from '../../format/number.ts'
import { useProjectPath } from '../../shell/project-context.tsx'
import { NothingQuarantined } from './nothing-quarantined.tsx'
import { VersionRows } from './version-rows.tsx'

/** Rows that were put aside, by reason, and the rows themselves. */
export function QuarantineView({ version }: { version: DatasetVersion }) {
  const to = useProjectPath()
  const quarantine = version.quarantine
  if (!quarantine || quarantine.rows === 0) return <NothingQuarantined />
  return (
    <>
      <Panel
        title="Reasons"
        actions={
          <Link href={`${to('data', version.dataset)}?tab=quarantine&version=${version.version}`}>
            Correct or discard them
          </Link>
        }
        note={`${count(quarantine.rows)} rows, ${percent(quarantine.rows / Math.max(1, version.counts.read), 2)} of those read`}
      >
        <CategoryBars
          label="Rows by reason"
          bins={quarantine.reasons.map((one) => ({
            label: `${one.step === 0 ? 'reading' : `step ${one.step}`} ${one.operation}: ${one.reason}`,
            value: one.rows,
          }))}
        />
      </Panel>
      <VersionRows version={version} part="quarantine" total={quarantine.rows} />
    </>
  )
}
