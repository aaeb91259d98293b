import type { ReactNode } from 'react'
import { Panel } from '../../../components/panel.tsx'
import classes from './connect.module.css'

/** One numbered step on the way. */
export const Step = ({
  number,
  title,
  said,
  actions,
  flush,
  children,
}: {
  number: number
  title: string
  said?: ReactNode
  actions?: ReactNode
  flush?: boolean
  children: ReactNode
}) => (
  <Panel
    title={
      <>
        <span className={classes.number}>{number}</span> {title}
      </>
    }
    note={said}
    actions={actions}
    flush={flush ?? false}
  >
    {children}
  </Panel>
)
