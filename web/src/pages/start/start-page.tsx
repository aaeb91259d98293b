import { useQuery } from '@tanstack/react-query'
import { Link, Redirect, useLocation } from 'wouter'
import { projectsQuery } from '../../api/projects.ts'
import { Empty } from '../../components/empty.tsx'
import { Load } from '../../components/load.tsx'
import { Time } from '../../components/time.tsx'
import { lastProject } from '../../shell/last-project.ts'
import classes from './start-page.module.css'

/** `/` goes on to the last project, or the only one; `/projects` lists them. */
export default function StartPage() {
  const projects = useQuery(projectsQuery())
  const [location] = useLocation()
  return (
    <main className={classes.start}>
      <h1>Kedge</h1>
      <Load query={projects}>
        {({ items }) => {
          const last = items.find(({ name }) => name === lastProject()) ?? (items.length === 1 ? items[0] : undefined)
          if (location === '/' && last) return <Redirect to={`/projects/${encodeURIComponent(last.name)}`} replace />
          if (items.length === 0)
            return (
              <Empty title="No project yet" command="kedge apply -f kedge.yaml" icon="loop">
                A project is declared in one file: its sources, datasets, pipelines, models, endpoints and rules. Apply
                one, or play the example with <code>kedge loop</code>.
              </Empty>
            )
          return (
            <ul className={classes.projects}>
              {items.map((project) => (
                <li key={project.name}>
                  <Link href={`/projects/${encodeURIComponent(project.name)}`}>
                    <b>{project.name}</b>
                    <span className="muted">
                      created <Time at={project.createdAt} />
                    </span>
                  </Link>
                </li>
              ))}
            </ul>
          )
        }}
      </Load>
    </main>
  )
}
