import { useEffect, useSyncExternalStore } from 'react'
import { Icon } from './icon.tsx'
import classes from './toasts.module.css'

export interface Toast {
  text: string
  tone?: 'bad'
  /** a way back, offered as a button */
  undo?: () => Promise<unknown>
}

let shown: readonly (Toast & { id: number })[] = []
let last = 0
const listeners = new Set<() => void>()
const stays = { undo: 12_000, other: 5000 }

const set = (next: typeof shown) => {
  shown = next
  for (const listener of listeners) listener()
}
const close = (id: number) => set(shown.filter((one) => one.id !== id))

/** Says in a corner of the page what has happened, for some seconds. */
export const showToast = (toast: Toast): void => set([...shown.slice(-2), { ...toast, id: ++last }])

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const Toasts = () => (
  <div className={classes.toasts} role="status" aria-live="polite">
    {useSyncExternalStore(subscribe, () => shown).map((one) => (
      <One key={one.id} toast={one} close={() => close(one.id)} />
    ))}
  </div>
)

function One({ toast, close }: { toast: Toast; close(): void }) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: it counts from when it was shown
  useEffect(() => {
    const timer = setTimeout(close, toast.undo ? stays.undo : stays.other)
    return () => clearTimeout(timer)
  }, [])
  return (
    <div className={classes.toast} data-tone={toast.tone}>
      <span>{toast.text}</span>
      {toast.undo && (
        <button
          type="button"
          onClick={() => {
            close()
            toast.undo!().catch((error: Error) => showToast({ text: error.message, tone: 'bad' }))
          }}
        >
          Undo
        </button>
      )}
      <button type="button" onClick={close} aria-label="Close">
        <Icon name="close" size={13} />
      </button>
    </div>
  )
}
