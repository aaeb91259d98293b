import { Button, Modal } from '@mantine/core'
import { type FormEvent, type ReactNode, useState } from 'react'
import { Failure } from './failure.tsx'
import classes from './reason-dialog.module.css'

/** Asks why before something is decided by a person; the reason goes into the journal. */
export function ReasonDialog({
  title,
  text,
  button,
  danger,
  onReason,
  trigger,
}: {
  title: string
  text?: string
  button: string
  danger?: boolean
  onReason(reason: string): Promise<unknown>
  trigger(open: () => void): ReactNode
}) {
  const [opened, setOpened] = useState(false)
  const [reason, setReason] = useState('')
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setError(undefined)
    try {
      await onReason(reason.trim())
      setOpened(false)
      setReason('')
    } catch (failure) {
      setError(failure)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      {trigger(() => setOpened(true))}
      <Modal opened={opened} onClose={() => setOpened(false)} title={title} size="sm">
        <form className={classes.form} onSubmit={submit}>
          {text && <p>{text}</p>}
          <label>
            Reason
            <textarea
              data-autofocus
              rows={3}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
              placeholder="It stays in the journal"
            />
          </label>
          {error !== undefined && <Failure error={error} />}
          <Button type="submit" loading={busy} disabled={!reason.trim()} {...(danger ? { color: 'red' } : {})}>
            {button}
          </Button>
        </form>
      </Modal>
    </>
  )
}
