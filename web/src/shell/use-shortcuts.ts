import { useEffect } from 'react'
import { useLocation } from 'wouter'
import { sections } from './sections.ts'

const chordTime = 1200

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

/** `g` and a letter goes to a section, `/` to the page's filter (or the palette), `?` shows help, Ctrl+K finds. */
export function useShortcuts(project: string, on: { help(): void; palette(): void }): void {
  const [, go] = useLocation()
  useEffect(() => {
    let waiting = 0
    const listen = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        on.palette()
        return
      }
      if (event.ctrlKey || event.metaKey || event.altKey) return
      if (typing(event.target)) {
        if (event.key === 'Escape') (event.target as HTMLElement).blur()
        return
      }
      if (event.timeStamp < waiting) {
        waiting = 0
        const section = sections.find(({ key }) => key === event.key)
        if (section) {
          event.preventDefault()
          go(`/projects/${encodeURIComponent(project)}${section.path}`)
          return
        }
      }
      if (event.key === 'g') waiting = event.timeStamp + chordTime
      else if (event.key === '?') on.help()
      else if (event.key === '/') {
        event.preventDefault()
        const filter = document.querySelector<HTMLInputElement>('input[data-filter]')
        if (filter) {
          filter.focus()
          filter.select()
        } else on.palette()
      }
    }
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  })
}
