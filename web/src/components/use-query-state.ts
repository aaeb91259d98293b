import { useCallback } from 'react'
import { useLocation, useSearchParams } from 'wouter'

/** A piece of state that lives in the address, so that a link shows the same; its `fallback` is left out of the address. */
export function useQueryState(name: string, fallback = ''): [string, (value: string) => void] {
  const [parameters] = useSearchParams()
  const [, go] = useLocation()
  const set = useCallback(
    (value: string) => {
      // the address as it is now, not as it was rendered: several pieces may be set at once
      const after = new URLSearchParams(location.search)
      if (value === fallback) after.delete(name)
      else after.set(name, value)
      const text = after.toString()
      go(`${location.pathname}${text && `?${text}`}`, { replace: true })
    },
    [name, fallback, go],
  )
  return [parameters.get(name) ?? fallback, set]
}
