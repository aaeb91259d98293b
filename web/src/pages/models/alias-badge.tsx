import { StateBadge } from '../../components/state-badge.tsx'

export const AliasBadge = ({ alias }: { alias: string }) => (
  <StateBadge
    state={alias}
    text={`@${alias}`}
    tone={alias === 'champion' ? 'good' : alias === 'challenger' ? 'shade' : 'busy'}
  />
)
