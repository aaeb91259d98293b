import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { stringify } from 'yaml'
import { materialise, putDataset, putSource } from '../../../api/data.ts'
import type { DataKinds, SourceTest } from '../../../api/types.ts'
import { Snippet } from '../../../components/copy.tsx'
import { Failure } from '../../../components/failure.tsx'
import { Columns } from '../../../components/panel.tsx'
import { useProject, useProjectPath } from '../../../shell/project-context.tsx'
import form from '../form/form.module.css'
import { ListField } from '../form/list-field.tsx'
import { MakingVersion } from '../making-version.tsx'
import { Step } from './step.tsx'

type Kind = DataKinds['sources'][number]

const nameForm = /^[a-z][a-z0-9_-]{0,62}$/

/** Gives the source and its dataset their names, shows the kedge.yaml that says the same, saves both and pulls for the first time. */
export function SaveSource({
  number,
  kind,
  config,
  columns,
  onIncremental,
}: {
  number: number
  kind: Kind
  config: Record<string, unknown>
  columns: NonNullable<SourceTest['schema']>
  onIncremental(column: string): void
}) {
  const project = useProject()
  const to = useProjectPath()
  const client = useQueryClient()
  const [name, setName] = useState(() => suggestedName(config))
  const [time, setTime] = useState('')
  const [key, setKey] = useState<string[]>([])
  const grows = 'incremental' in ((kind.schema.properties as object | undefined) ?? {})
  const incremental = kind.stream || config.incremental !== undefined
  // what stands in the declaration while no name is given
  const called = name || 'name'
  const dataset = {
    from: called,
    ...(time ? { time } : {}),
    ...(incremental ? { mode: 'incremental' } : {}),
    ...(key.length > 0 ? { key } : {}),
  }
  const save = useMutation({
    mutationFn: async () => {
      await putSource(project, name, config)
      await putDataset(project, name, dataset)
      await client.invalidateQueries({ queryKey: [project, 'data'] })
      return kind.stream ? undefined : materialise(project, name)
    },
  })
  const text = stringify({ sources: { [called]: config }, datasets: { [called]: dataset } })
  const times = columns.filter(({ type }) => type === 'time' || type === 'date')
  const growing = columns.filter(({ type }) => type === 'int' || type === 'time')
  return (
    <>
      <Step
        number={number}
        title="Name and save"
        actions={
          <Button disabled={!nameForm.test(name)} loading={save.isPending} onClick={() => save.mutate()}>
            {kind.stream ? 'Save' : 'Save and pull'}
          </Button>
        }
      >
        <Columns wide>
          <div className={form.fields}>
            <div className={form.field}>
              <label htmlFor="source-name">
                Name<span className={form.required}>*</span>
              </label>
              <div className={form.input}>
                <input
                  id="source-name"
                  type="text"
                  spellCheck={false}
                  autoComplete="off"
                  value={name}
                  aria-invalid={(name !== '' && !nameForm.test(name)) || undefined}
                  onChange={(event) => setName(event.target.value)}
                />
              </div>
              <div className={form.help}>
                Of the source and of the dataset that keeps its versions. Small letters, digits, _ and -; a letter
                first.
              </div>
            </div>
            {grows && (
              <Choose
                id="incremental"
                label="Column that only grows"
                help="Such as an id: each version adds the rows after the last one seen, instead of reading everything again."
                value={(config.incremental as string | undefined) ?? ''}
                none="none: everything is read each time"
                options={growing}
                onChange={onIncremental}
              />
            )}
            <Choose
              id="time"
              label="Time of the event"
              help="Versions can be cut by it, and freshness is told from it."
              value={time}
              none="none"
              options={times}
              onChange={setTime}
            />
            <div className={form.field}>
              <label htmlFor="key">Key</label>
              <div className={form.input}>
                <ListField
                  id="key"
                  value={key}
                  suggested={columns.map((one) => one.name)}
                  scalar={false}
                  onChange={(next) => setKey(next as string[])}
                />
              </div>
              <div className={form.help}>Columns that name a row: versions are compared by them.</div>
            </div>
          </div>
          <div>
            <div className="muted">The same in kedge.yaml</div>
            <Snippet text={text} label="Copy the declaration" />
          </div>
        </Columns>
        {save.error && <Failure error={save.error} />}
        {save.isSuccess && (
          <p role="status">
            Saved: the source <Link href={to('sources', name)}>{name}</Link> and the dataset{' '}
            <Link href={to('data', name)}>{name}</Link>.{kind.stream && ' Its rows land from now on.'}
          </p>
        )}
      </Step>
      {save.data && (
        <MakingVersion key={save.data.jobId} dataset={name} jobId={save.data.jobId} again={() => save.mutate()} />
      )}
    </>
  )
}

const Choose = ({
  id,
  label,
  help,
  value,
  none,
  options,
  onChange,
}: {
  id: string
  label: string
  help: string
  value: string
  none: string
  options: { name: string; type: string }[]
  onChange(value: string): void
}) => (
  <div className={form.field}>
    <label htmlFor={id}>{label}</label>
    <div className={form.input}>
      <select id={id} value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="">{none}</option>
        {options.map((one) => (
          <option key={one.name} value={one.name}>
            {one.name} ({one.type})
          </option>
        ))}
      </select>
    </div>
    <div className={form.help}>{help}</div>
  </div>
)

/** A name from the table or the file that was chosen. */
function suggestedName(config: Record<string, unknown>): string {
  const place = [config.table, config.collection, config.path, config.url, config.topic].find(
    (one): one is string => typeof one === 'string' && one !== '',
  )
  const last =
    place
      ?.split(/[/\\]/)
      .filter((part) => !/[*?{]/.test(part))
      .at(-1) ?? ''
  return last
    .replace(/\.[a-z0-9.]+$/i, '')
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '_')
    .replace(/^[^a-z]+|_+$/g, '')
    .slice(0, 63)
}
