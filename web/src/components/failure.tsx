import { Button } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { ApiError } from '../api/client.ts'
import { storeToken } from '../api/token.ts'
import classes from './failure.module.css'
import { Icon } from './icon.tsx'

/** What went wrong, its code, and what to do about it. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const known = error instanceof ApiError ? error : undefined
  return (
    <div className={classes.failure} role="alert">
      <Icon name="alert" size={18} />
      <div className={classes.text}>
        <div className={classes.message}>{known?.message ?? 'This page broke'}</div>
        <div>{known?.todo ?? 'Load it again; if it happens again, please report it with what you did.'}</div>
        {known?.places.map((place) => (
          <div key={place.where} className="mono">
            {place.where}: {place.what}
          </div>
        ))}
        <div className={classes.code}>
          <code>{known?.code ?? String((error as Error)?.message ?? error)}</code>
          {known?.id && <code> · {known.id}</code>}
        </div>
        {known?.code === 'unauthenticated' && <TokenForm />}
      </div>
      {retry && (
        <Button variant="default" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  )
}

function TokenForm() {
  const [token, setToken] = useState('')
  const use = (event: FormEvent) => {
    event.preventDefault()
    storeToken(token)
    location.reload()
  }
  return (
    <form className={classes.token} onSubmit={use}>
      <input
        type="password"
        autoComplete="off"
        aria-label="Token"
        placeholder="Token"
        value={token}
        onChange={(event) => setToken(event.target.value)}
      />
      <Button type="submit" disabled={!token}>
        Use this token
      </Button>
    </form>
  )
}
