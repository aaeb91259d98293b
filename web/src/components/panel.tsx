import type { ReactNode } from 'react'
import classes from './panel.module.css'

/** A part of a page with its own heading. `flush`: its contents reach the border (tables). */
export const Panel = ({
  title,
  note,
  filter,
  actions,
  flush,
  children,
  id,
}: {
  title?: ReactNode
  note?: ReactNode
  /** a field in the heading's place or beside it */
  filter?: ReactNode
  actions?: ReactNode
  flush?: boolean
  children: ReactNode
  id?: string
}) => (
  <section className={classes.panel} id={id}>
    {(title || filter || actions) && (
      <header className={classes.head}>
        <div className={classes.title}>
          {title && <h2>{title}</h2>}
          {filter}
          {note && <span className={classes.note}>{note}</span>}
        </div>
        {actions && <div className={classes.actions}>{actions}</div>}
      </header>
    )}
    <div className={flush ? classes.flush : classes.body}>{children}</div>
  </section>
)

/** Panels side by side where there is room. */
export const Columns = ({ children, wide }: { children: ReactNode; wide?: boolean }) => (
  <div className={wide ? classes.wideColumns : classes.columns}>{children}</div>
)
