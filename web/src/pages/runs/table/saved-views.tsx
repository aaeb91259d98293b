import { Button, Menu, Modal } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useLocation } from 'wouter'
import { deleteRunView, runViewsQuery, saveRunView } from '../../../api/tracking.ts'
import { Failure } from '../../../components/failure.tsx'
import { Icon } from '../../../components/icon.tsx'
import { showToast } from '../../../components/toasts.tsx'
import { relative } from '../../../format/time.ts'
import { useProject } from '../../../shell/project-context.tsx'
import classes from './table.module.css'

/** Views of the table that were saved under a name, for everybody in the project. A view is the page's address. */
export function SavedViews() {
  const project = useProject()
  const client = useQueryClient()
  const [, go] = useLocation()
  const views = useQuery(runViewsQuery(project))
  const [saving, setSaving] = useState(false)
  const items = views.data?.items ?? []
  const here = location.search.replace(/^\?/, '')
  const current = items.find(({ query }) => query === here)
  const changed = () => client.invalidateQueries({ queryKey: [project, 'tracking', 'views'] })
  const forget = async (name: string, query: string) => {
    await deleteRunView(project, name)
    await changed()
    showToast({
      text: `The view “${name}” is gone`,
      undo: async () => {
        await saveRunView(project, name, query)
        await changed()
      },
    })
  }
  return (
    <>
      <Menu position="bottom-end" shadow="md" width={280} withinPortal>
        <Menu.Target>
          <Button variant="default" leftSection={<Icon name="bookmark" size={14} />}>
            <span className="clip" style={{ maxWidth: 140 }}>
              {current ? current.name : 'Views'}
            </span>
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => setSaving(true)}>Save this view …</Menu.Item>
          <Menu.Item
            onClick={() =>
              void navigator.clipboard.writeText(location.href).then(() => showToast({ text: 'The link is copied' }))
            }
          >
            Copy the link
          </Menu.Item>
          {here && <Menu.Item onClick={() => go(location.pathname)}>Back to the plain table</Menu.Item>}
          {items.length > 0 && <Menu.Label>Saved</Menu.Label>}
          {items.map((view) => (
            <Menu.Item
              key={view.name}
              fw={view === current ? 650 : undefined}
              title={`by ${view.actor}, ${relative(view.updatedAt, Date.now())}`}
              onClick={() => go(`${location.pathname}?${view.query}`)}
              rightSection={
                // biome-ignore lint/a11y/useSemanticElements: a button cannot stand in the menu's button
                <span
                  role="button"
                  tabIndex={-1}
                  aria-label={`Delete the view ${view.name}`}
                  onClick={(event) => {
                    event.stopPropagation()
                    void forget(view.name, view.query)
                  }}
                  onKeyDown={(event) => {
                    if (event.key === 'Enter') void forget(view.name, view.query)
                  }}
                >
                  <Icon name="close" size={12} />
                </span>
              }
            >
              {view.name}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <SaveDialog
        opened={saving}
        onClose={() => setSaving(false)}
        name={current?.name ?? ''}
        taken={items.map(({ name }) => name)}
        onSave={async (name) => {
          await saveRunView(project, name, here)
          await changed()
          showToast({ text: `The view “${name}” is saved` })
        }}
      />
    </>
  )
}

function SaveDialog({
  opened,
  onClose,
  name: initial,
  taken,
  onSave,
}: {
  opened: boolean
  onClose(): void
  name: string
  taken: string[]
  onSave(name: string): Promise<unknown>
}) {
  const [name, setName] = useState(initial)
  const [error, setError] = useState<unknown>()
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    try {
      await onSave(name.trim())
      onClose()
    } catch (failure) {
      setError(failure)
    }
  }
  return (
    <Modal opened={opened} onClose={onClose} title="Save this view" size="sm">
      <form className={classes.form} onSubmit={submit}>
        <label>
          Name
          <input data-autofocus value={name} maxLength={100} onChange={(event) => setName(event.target.value)} />
        </label>
        {taken.includes(name.trim()) && <span className="muted">It takes the place of the view of this name.</span>}
        {error !== undefined && <Failure error={error} />}
        <Button type="submit" disabled={!name.trim()}>
          Save
        </Button>
      </form>
    </Modal>
  )
}
