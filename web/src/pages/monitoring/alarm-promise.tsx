import { useQuery } from '@tanstack/react-query'
import { monitorSettingsQuery } from '../../api/monitoring.ts'
import { Explained } from '../../components/explained.tsx'
import { percent } from '../../format/number.ts'
import { useProject } from '../../shell/project-context.tsx'

/** How seldom the thresholds of an endpoint raise an alert although nothing has changed: what their settings promise. */
export function AlarmPromise({ endpoint }: { endpoint: string }) {
  const { data } = useQuery(monitorSettingsQuery(useProject(), endpoint))
  if (!data) return null
  const { false_alarms, alpha, window, window_days, off } = data.settings
  const families = Object.keys(alpha).map((family) => family.replaceAll('-', ' '))
  const own = Object.values(alpha).map((chance, i) => `${families[i]} ${percent(chance)} a window`)
  return (
    <>
      False alarms: 30 days without any change raise one in at most{' '}
      <Explained
        definition={
          <>
            The chance, over all monitors together, that 30 days in which nothing changes raise an alert. Thresholds
            that are not set by hand are drawn from it: each family has its part, shared by the windows of 30 days. It
            is <code>false_alarms</code> of the endpoint’s monitors in kedge.yaml: less is quieter, and finds small
            changes later.
          </>
        }
        facts={{
          Windows: window ?? `${window_days} days`,
          'Set by hand, on top of it': own.join(', '),
          'Not watched': off.join(', '),
        }}
      >
        {percent(false_alarms)}
      </Explained>{' '}
      of all cases{own.length > 0 && `, besides those of ${families.join(', ')}, set by hand`}.
    </>
  )
}
