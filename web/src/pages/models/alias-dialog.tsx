import { Button, Modal } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { moveAlias, removeAlias } from '../../api/registry.ts'
import { Failure } from '../../components/failure.tsx'
import { showToast } from '../../components/toasts.tsx'
import { useProject } from '../../shell/project-context.tsx'
import classes from './models.module.css'

const usual = ['champion', 'challenger']

/** Moves an alias to a version, or takes it away. The reason goes into the promotion history. */
export function AliasDialog({
  model,
  versions,
  aliases,
  version: given,
  button,
}: {
  model: string
  /** numbers of versions, newest first */
  versions: number[]
  /** alias → version */
  aliases: Record<string, number>
  version?: number
  button: string
}) {
  const project = useProject()
  const client = useQueryClient()
  const [opened, setOpened] = useState(false)
  const [alias, setAlias] = useState('champion')
  const [version, setVersion] = useState(String(given ?? versions[0] ?? ''))
  const [reason, setReason] = useState('')
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const from = aliases[alias]
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setError(undefined)
    try {
      if (version === '') await removeAlias(project, model, alias, reason.trim())
      else await moveAlias(project, model, alias, Number(version), reason.trim())
      await client.invalidateQueries({ queryKey: [project, 'registry'] })
      setOpened(false)
      setReason('')
      showToast({ text: version === '' ? `@${alias} is taken away` : `@${alias} is version ${version}` })
    } catch (failure) {
      setError(failure)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <Button variant="default" onClick={() => setOpened(true)}>
        {button}
      </Button>
      <Modal opened={opened} onClose={() => setOpened(false)} title="Move an alias" size="sm">
        <form className={classes.form} onSubmit={submit}>
          <label>
            Alias
            <input
              data-autofocus
              list="aliases"
              value={alias}
              onChange={(event) => setAlias(event.target.value.trim())}
              spellCheck={false}
            />
            <datalist id="aliases">
              {[...new Set([...Object.keys(aliases), ...usual])].map((one) => (
                <option key={one} value={one} />
              ))}
            </datalist>
          </label>
          <label>
            To version
            <select value={version} onChange={(event) => setVersion(event.target.value)}>
              {versions.map((one) => (
                <option key={one} value={one}>
                  {one}
                </option>
              ))}
              {from !== undefined && <option value="">none: take it away</option>}
            </select>
          </label>
          <span className="muted">
            {from === undefined ? `@${alias} is not used yet.` : `@${alias} is version ${from} now.`}
            {alias === 'champion' && ' Endpoints that follow the champion release what it points to.'}
          </span>
          <label>
            Reason
            <textarea
              rows={3}
              value={reason}
              placeholder="It stays in the promotion history"
              onChange={(event) => setReason(event.target.value)}
            />
          </label>
          {error !== undefined && <Failure error={error} />}
          <Button type="submit" loading={busy} disabled={!reason.trim() || !alias || version === String(from ?? '')}>
            {version === '' ? 'Take it away' : 'Move'}
          </Button>
        </form>
      </Modal>
    </>
  )
}
