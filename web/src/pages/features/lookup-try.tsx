import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { lookUp } from '../../api/features.ts'
import type { FeatureLookup, FeatureView } from '../../api/types.ts'
import { Empty } from '../../components/empty.tsx'
import { Failure } from '../../components/failure.tsx'
import input from '../../components/input.module.css'
import { Panel } from '../../components/panel.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { measure } from '../../format/number.ts'
import { dateTime } from '../../format/time.ts'
import { useProject } from '../../shell/project-context.tsx'
import classes from './lookup-try.module.css'

type Found = FeatureLookup['items'][number]

/** Values of some entities as an endpoint would look them up, now or at a moment before. */
export function LookupTry({ view }: { view: FeatureView }) {
  const project = useProject()
  const [keys, setKeys] = useState('')
  const [moment, setMoment] = useState('')
  const look = useMutation({
    mutationFn: () =>
      lookUp(
        project,
        view.name,
        keys
          .split('\n')
          .map((line) => line.trim())
          .filter(Boolean)
          .map((line) => (view.entity.length === 1 ? [line] : line.split(',').map((part) => part.trim()))),
        moment === '' ? undefined : new Date(moment).getTime(),
      ),
  })
  const types = new Map(view.features.map(({ name, type }) => [name, type]))
  const shown = view.features.filter(({ how }) => how !== 'request')
  const columns: Column<Found>[] = [
    { key: 'key', head: view.entity.join(', '), cell: (one) => <b>{one.key}</b> },
    ...shown.map(
      ({ name }): Column<Found> => ({
        key: name,
        head: name,
        right: /int|float/.test(types.get(name) ?? ''),
        cell: (one) => <Value value={one.values[name]} type={types.get(name) ?? null} />,
      }),
    ),
  ]
  return (
    <>
      <Panel
        title="Look up"
        note={
          view.features.some(({ how }) => how === 'request')
            ? 'features that need a request are left out'
            : 'as an endpoint would'
        }
      >
        <form
          className={classes.form}
          onSubmit={(event) => {
            event.preventDefault()
            if (keys.trim() !== '') look.mutate()
          }}
        >
          <label>
            {view.entity.join(', ')}, one a line
            <textarea
              className={`${input.input} ${classes.plain}`}
              rows={3}
              value={keys}
              spellCheck={false}
              onChange={(event) => setKeys(event.target.value)}
              onKeyDown={(event) => {
                if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
                event.preventDefault()
                event.currentTarget.form?.requestSubmit()
              }}
            />
          </label>
          <label>
            At
            <input
              className={`${input.input} ${classes.plain}`}
              type="datetime-local"
              step={1}
              value={moment}
              onChange={(event) => setMoment(event.target.value)}
            />
            <span className="muted">now when empty</span>
          </label>
          <Button type="submit" loading={look.isPending} disabled={keys.trim() === ''}>
            Look up
          </Button>
        </form>
        {look.error && <Failure error={look.error} />}
      </Panel>
      {look.data && (
        <Panel flush title="Values" note={`at ${dateTime(look.data.at)}`}>
          {look.data.items.length === 0 ? (
            <Empty title="Nothing looked up" compact />
          ) : (
            <Table rows={look.data.items} columns={columns} rowKey={(one) => one.key} />
          )}
        </Panel>
      )}
    </>
  )
}

function Value({ value, type }: { value: unknown; type: string | null }) {
  if (value === null || value === undefined) return <span className="muted">missing</span>
  if (typeof value === 'number' && (type === 'time' || type === 'date')) return dateTime(value)
  if (typeof value === 'number') return measure(value, 6)
  return String(value)
}
