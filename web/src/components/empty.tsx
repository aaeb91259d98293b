import type { ReactNode } from 'react'
import { Snippet } from './copy.tsx'
import classes from './empty.module.css'
import { Icon, type IconName } from './icon.tsx'

/** Nothing here yet: why, and the command that changes it. */
export const Empty = ({
  title,
  children,
  command,
  icon,
  compact,
}: {
  title: string
  children?: ReactNode
  command?: string
  icon?: IconName
  compact?: boolean
}) => (
  <div className={classes.empty} data-compact={compact || undefined}>
    {icon && !compact && (
      <span className={classes.icon}>
        <Icon name={icon} size={28} />
      </span>
    )}
    <div className={classes.title}>{title}</div>
    {children && <div className={classes.text}>{children}</div>}
    {command && <Snippet text={command} label="Copy the command" />}
  </div>
)
