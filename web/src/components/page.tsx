import { Fragment, type ReactNode, useEffect } from 'react'
import { Link } from 'wouter'
import { useProject } from '../shell/project-context.tsx'
import { Icon } from './icon.tsx'
import classes from './page.module.css'
import { Toasts } from './toasts.tsx'

export interface Crumb {
  text: string
  href: string
}

/** Title with where it belongs, what it is about, and what can be done here. */
export function Page({
  title,
  crumbs = [],
  badge,
  lead,
  actions,
  children,
}: {
  title: string
  crumbs?: Crumb[]
  badge?: ReactNode
  lead?: ReactNode
  actions?: ReactNode
  children: ReactNode
}) {
  const project = useProject()
  useEffect(() => {
    document.title = `${title} · ${project} · Kedge`
  }, [title, project])
  return (
    <>
      <header className={classes.head}>
        <div className={classes.titles}>
          {crumbs.length > 0 && (
            <nav className={classes.crumbs} aria-label="Where this belongs">
              {crumbs.map((crumb, i) => (
                <Fragment key={crumb.href}>
                  {i > 0 && <Icon name="chevron" size={11} />}
                  <Link href={crumb.href}>{crumb.text}</Link>
                </Fragment>
              ))}
            </nav>
          )}
          <h1>
            <span className="clip">{title}</span>
            {badge}
          </h1>
          {lead && <div className={classes.lead}>{lead}</div>}
        </div>
        {actions && <div className={classes.actions}>{actions}</div>}
      </header>
      {children}
      <Toasts />
    </>
  )
}
