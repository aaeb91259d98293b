import { Link, useLocation } from 'wouter'
import { Icon } from '../components/icon.tsx'
import { useProject, useProjectPath } from './project-context.tsx'
import { sectionOf, sections } from './sections.ts'
import classes from './shell.module.css'

export function Navigation() {
  const project = useProject()
  const to = useProjectPath()
  const [location] = useLocation()
  const here = sectionOf(location.replace(to(), ''))
  return (
    <nav className={classes.navigation} aria-label={`Pages of ${project}`}>
      <Link href={to()} className={classes.brand}>
        <Anchor />
        Kedge
      </Link>
      {sections.map((section) => (
        <Link
          key={section.title}
          href={to() + section.path}
          className={classes.item}
          aria-current={section === here ? 'page' : undefined}
        >
          <Icon name={section.icon} />
          {section.title}
          <kbd>g {section.key}</kbd>
        </Link>
      ))}
      <div className={classes.foot}>
        <a href="/docs" className={classes.item}>
          <Icon name="link" />
          API
        </a>
      </div>
    </nav>
  )
}

const Anchor = () => (
  <svg
    width="20"
    height="20"
    viewBox="0 0 32 32"
    fill="none"
    stroke="currentColor"
    strokeWidth="3"
    strokeLinecap="round"
    strokeLinejoin="round"
    aria-hidden="true"
  >
    <circle cx="16" cy="6" r="3" />
    <path d="M16 9v20M9 14h14M4 19c0 6 5 10 12 10s12-4 12-10M4 19l-1 4M4 19l4 2.5M28 19l1 4M28 19l-4 2.5" />
  </svg>
)
