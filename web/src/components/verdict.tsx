import type { ReactNode } from 'react'
import classes from './verdict.module.css'

/** What came of something that was just tried: wrong, or well where `ok`. */
export const Verdict = ({ ok, role, children }: { ok?: boolean; role: 'alert' | 'status'; children: ReactNode }) => (
  <div className={classes.verdict} data-ok={ok || undefined} role={role}>
    {children}
  </div>
)
