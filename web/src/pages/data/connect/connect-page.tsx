import { Button } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { dataKindsQuery, discoverSource, previewConfig, testConfig } from '../../../api/data.ts'
import type { DataKinds } from '../../../api/types.ts'
import { Failure } from '../../../components/failure.tsx'
import { Load } from '../../../components/load.tsx'
import { Page } from '../../../components/page.tsx'
import { useQueryState } from '../../../components/use-query-state.ts'
import { useProject, useProjectPath } from '../../../shell/project-context.tsx'
import { Group } from '../form/field.tsx'
import { beginning, type JsonSchema } from '../form/json-schema.ts'
import { type Mistakes, wrongPlaces } from '../form/wrong-places.ts'
import { Answer } from './answer.tsx'
import classes from './connect.module.css'
import { FoundList } from './found-list.tsx'
import { KindChoice } from './kind-choice.tsx'
import { PlaceBrowser } from './place-browser.tsx'
import { SaveSource } from './save-source.tsx'
import { Step } from './step.tsx'
import { TypedRows } from './typed-rows.tsx'

type Kind = DataKinds['sources'][number]

const shownRows = 50

/** From a place where data is to a source, a dataset on it and its first version, seeing each before it is used. */
export default function ConnectPage() {
  const to = useProjectPath()
  const kinds = useQuery(dataKindsQuery())
  const [kind, setKind] = useQueryState('kind')
  const [filter, setFilter] = useState('')
  return (
    <Page
      title="Connect a source"
      crumbs={[{ text: 'Data', href: to('data') }]}
      lead="Where rows come from: choose the kind, say where it is, look at what is there, and give it a name."
    >
      <Load query={kinds}>
        {({ sources }) => {
          const chosen = sources.find((one) => one.kind === kind)
          return (
            <>
              <Step
                number={1}
                title="Kind"
                said={chosen?.kind}
                actions={
                  chosen && (
                    <Button variant="default" onClick={() => setKind('')}>
                      Another kind
                    </Button>
                  )
                }
              >
                {chosen ? (
                  <span className="muted">{chosen.title}</span>
                ) : (
                  <KindChoice kinds={sources} value={kind} filter={filter} onFilter={setFilter} onChange={setKind} />
                )}
              </Step>
              {chosen && <Settings key={chosen.kind} kind={chosen} />}
            </>
          )
        }}
      </Load>
    </Page>
  )
}

function Settings({ kind }: { kind: Kind }) {
  const project = useProject()
  const whole = kind.schema as JsonSchema
  // the column that grows is chosen among those that come, further down
  const { incremental: _, ...properties } = whole.properties ?? {}
  const schema: JsonSchema = { ...whole, properties }
  const [config, setConfig] = useState(() => beginning(schema, schema) as Record<string, unknown>)
  const latest = useRef(config)
  const test = useMutation({ mutationFn: (given: object) => testConfig(project, given) })
  const discovery = useMutation({ mutationFn: (given: object) => discoverSource(project, given) })
  const preview = useMutation({ mutationFn: (given: object) => previewConfig(project, given, shownRows) })

  const change = (next: Record<string, unknown>) => {
    latest.current = next
    setConfig(next)
    // what was seen is not what is there any more
    test.reset()
    preview.reset()
  }
  /** Tries the settings as they are now, and shows the rows when they answer. */
  const look = async () => {
    const given = latest.current
    const answer = await test.mutateAsync(given)
    if (answer.ok && latest.current === given) await preview.mutateAsync(given)
  }
  const seen = test.data?.ok === true
  const wrong = new Map([
    ...wrongPlaces(test.data?.error as Mistakes | undefined),
    ...wrongPlaces(discovery.error as Mistakes | null),
  ])
  const setsTypes = Array.isArray((properties.columns?.additionalProperties as JsonSchema | undefined)?.enum)
  return (
    <>
      <Step
        number={2}
        title="Where it is"
        actions={
          <>
            {kind.discovers && (
              <Button variant="default" loading={discovery.isPending} onClick={() => discovery.mutate(config)}>
                Show what is there
              </Button>
            )}
            {!kind.stream && (
              <Button loading={test.isPending || preview.isPending} onClick={() => void look().catch(() => {})}>
                Test the connection
              </Button>
            )}
          </>
        }
      >
        <form
          onSubmit={(event) => {
            event.preventDefault()
            if (!kind.stream) void look().catch(() => {})
          }}
        >
          <Group
            name=""
            place=""
            schema={schema}
            value={config}
            required
            onChange={(next) => change({ kind: kind.kind, ...(next as object | undefined) })}
            context={{
              root: schema,
              columns: preview.data?.columns.map(({ name }) => name) ?? [],
              wrong,
              secretPrefix: kind.kind,
              beside: (place) => place === 'path' && <PlaceBrowser onChoose={(path) => change({ ...config, path })} />,
            }}
          />
          <button type="submit" hidden />
        </form>
        {discovery.error && wrongPlaces(discovery.error as Mistakes).size === 0 && <Failure error={discovery.error} />}
        {discovery.data?.items && (
          <FoundList
            items={discovery.data.items}
            config={config}
            onChoose={({ set }) => {
              change({ ...config, ...set })
              void look().catch(() => {})
            }}
          />
        )}
        {test.error && <Failure error={test.error} />}
        {test.data && <Answer test={test.data} />}
      </Step>
      {seen && (
        <Step number={3} title="What comes" said={preview.data && `${preview.data.columns.length} columns`} flush>
          {preview.error ? (
            <Failure error={preview.error} retry={() => preview.mutate(config)} />
          ) : preview.data ? (
            <TypedRows
              preview={preview.data}
              declared={setsTypes ? ((config.columns as Record<string, unknown> | undefined) ?? {}) : undefined}
              onType={(column, type) => {
                change({ ...config, columns: { ...(config.columns as object | undefined), [column]: type } })
                void look().catch(() => {})
              }}
            />
          ) : (
            <p className={classes.waits}>Reading the first rows …</p>
          )}
        </Step>
      )}
      {(seen || kind.stream) && (
        <SaveSource
          number={kind.stream ? 3 : 4}
          kind={kind}
          config={config}
          columns={test.data?.schema ?? []}
          onIncremental={(column) => {
            const { incremental: _, ...others } = config
            const next = column === '' ? others : { ...others, incremental: column }
            // rows and types stay what they were seen to be
            latest.current = next
            setConfig(next)
          }}
        />
      )}
    </>
  )
}
