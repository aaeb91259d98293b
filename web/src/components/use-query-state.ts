import { useCallback } from 'react'
import { useSearchParams } from 'wouter'

/** A piece of state that lives in the address, so that a link shows the same; its `fallback` is left out of the address. */
export function useQueryState(name: string, fallback = ''): [string, (value: string) => void] {
  const [parameters, setParameters] = useSearchParams()
  const set = useCallback(
    (value: string) =>
      setParameters(
        (before) => {
          const after = new URLSearchParams(before)
          if (value === fallback) after.delete(name)
          else after.set(name, value)
          return after
        },
        { replace: true },
      ),
    [name, fallback, setParameters],
  )
  return [parameters.get(name) ?? fallback, set]
}
