import { Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { secretsQuery, storeSecret } from '../../../api/secrets.ts'
import { Failure } from '../../../components/failure.tsx'
import { useProject } from '../../../shell/project-context.tsx'
import classes from './form.module.css'

/** A secret by its name: one that is stored, or a new one, which is stored at once and never shown again. */
export function SecretField({
  id,
  value,
  onChange,
  prefix,
  name,
}: {
  id: string
  value: unknown
  onChange(value: unknown): void
  prefix: string
  name: string
}) {
  const project = useProject()
  const client = useQueryClient()
  const secrets = useQuery(secretsQuery(project))
  const [text, setText] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const chosen = (value as { secret?: string } | undefined)?.secret
  const known = secrets.data?.items.map((one) => one.name) ?? []
  const store = async () => {
    if (text === '' || busy) return
    setBusy(true)
    setError(undefined)
    const free = newName(`${prefix}-${name}`, known)
    try {
      await storeSecret(project, free, text)
      setText('')
      await client.invalidateQueries({ queryKey: secretsQuery(project).queryKey })
      onChange({ secret: free })
    } catch (failure) {
      setError(failure)
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className={classes.secret}>
      {chosen ? (
        <div className={classes.stored}>
          <span aria-hidden="true">••••••••</span> stored as <code>{chosen}</code>
          <Button variant="default" onClick={() => onChange(undefined)}>
            Another one
          </Button>
        </div>
      ) : (
        <div className={classes.stored}>
          <input
            id={id}
            type="password"
            autoComplete="new-password"
            placeholder="type it, it is stored encrypted"
            value={text}
            onChange={(event) => setText(event.target.value)}
            onBlur={() => void store()}
            onKeyDown={(event) => {
              if (event.key !== 'Enter') return
              event.preventDefault()
              void store()
            }}
          />
          {known.length > 0 && text === '' && (
            <select
              aria-label="A stored secret"
              value=""
              onChange={(event) => event.target.value && onChange({ secret: event.target.value })}
            >
              <option value="">or a stored one</option>
              {known.map((one) => (
                <option key={one} value={one}>
                  {one}
                </option>
              ))}
            </select>
          )}
        </div>
      )}
      {error !== undefined && <Failure error={error} />}
    </div>
  )
}

/** A name that no stored secret has, so that none is overwritten. */
function newName(wanted: string, known: readonly string[]): string {
  const word = wanted.toLowerCase().replace(/[^a-z0-9_-]/g, '-')
  let free = word
  for (let i = 2; known.includes(free); i++) free = `${word}-${i}`
  return free
}
