import { useQueryClient } from '@tanstack/react-query'
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useState,
  useSyncExternalStore,
} from 'react'
import { followProject, type LiveEvents } from './live-events.ts'

interface ProjectContext {
  project: string
  live: LiveEvents | undefined
}

const Context = createContext<ProjectContext | undefined>(undefined)

export function ProjectProvider({ project, children }: { project: string; children: ReactNode }) {
  const client = useQueryClient()
  const [live, setLive] = useState<LiveEvents>()
  useEffect(() => {
    const abort = new AbortController()
    setLive(followProject(project, client, abort.signal))
    return () => abort.abort()
  }, [project, client])
  return <Context value={{ project, live }}>{children}</Context>
}

const useContextOrThrow = () => {
  const context = useContext(Context)
  if (!context) throw new Error('used outside a project')
  return context
}

export const useProject = () => useContextOrThrow().project

/** Path of a page of the project: `to('runs', id)`. */
export const useProjectPath = () => {
  const project = useProject()
  return useCallback(
    (...segments: (string | number)[]) =>
      ['/projects', project, ...segments].map((one, i) => (i === 0 ? one : encodeURIComponent(one))).join('/'),
    [project],
  )
}

const nothing = () => () => {}
const none: never[] = []

/** Events since the page was opened, newest first. */
export function useLiveEvents() {
  const { live } = useContextOrThrow()
  return useSyncExternalStore(live?.subscribe ?? nothing, () => live?.events() ?? none)
}

export function useLiveState() {
  const { live } = useContextOrThrow()
  return useSyncExternalStore(live?.subscribe ?? nothing, () => live?.state() ?? 'connecting')
}
