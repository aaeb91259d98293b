import { useQuery } from '@tanstack/react-query'
import { featureViewsQuery } from '../../api/features.ts'
import type { Feature, FeatureView } from '../../api/types.ts'
import { Select } from '../../components/choice.tsx'
import { Empty } from '../../components/empty.tsx'
import { FilterField } from '../../components/filter-field.tsx'
import { Load } from '../../components/load.tsx'
import { Page } from '../../components/page.tsx'
import { Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { count, percent } from '../../format/number.ts'
import { duration } from '../../format/time.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { madeOf, worstSkew } from './feature-text.ts'

interface Row {
  view: FeatureView
  feature: Feature
}

const example = `features:
  customers:
    from: orders
    entity: customer
    owner: team shop
    features:
      orders_7d: { count: true, over: 7d }`

/** Every feature of the project, to find by name, meaning, owner or entity. */
export default function FeaturesPage() {
  const project = useProject()
  const to = useProjectPath()
  const views = useQuery(featureViewsQuery(project))
  const [filter, setFilter] = useQueryState('filter')
  const [owner, setOwner] = useQueryState('owner')
  return (
    <Page
      title="Features"
      lead="One definition for training and for serving: what each feature is, how fresh it is, who answers for it."
    >
      <Load query={views}>
        {({ items }) => {
          const owners = [...new Set(items.flatMap((view) => view.owner ?? []))].sort()
          const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
          const rows = items
            .filter((view) => owner === '' || view.owner === owner)
            .flatMap((view) => view.features.map((feature) => ({ view, feature })))
            .filter((row) => {
              const text = textOf(row)
              return words.every((word) => text.includes(word))
            })
          return (
            <Panel
              flush
              filter={
                items.length > 0 && (
                  <>
                    <FilterField
                      value={filter}
                      onChange={setFilter}
                      placeholder="Filter by name, meaning, entity or dataset"
                    />
                    {owners.length > 0 && (
                      <Select
                        label="Owner"
                        value={owner}
                        onChange={setOwner}
                        options={[{ value: '', text: 'anybody' }, ...owners.map((one) => ({ value: one, text: one }))]}
                      />
                    )}
                  </>
                )
              }
              note={items.length > 0 && `${counted(rows.length, 'feature')} in ${counted(items.length, 'view')}`}
            >
              {items.length === 0 ? (
                <Empty title="No feature declared" icon="columns" command={example}>
                  A feature view turns the rows of a dataset into values of an entity, the same in training and in
                  serving. Declare one under <code>features:</code> in kedge.yaml.
                </Empty>
              ) : rows.length === 0 ? (
                <Empty title="No feature is so" compact>
                  Another word, or another owner.
                </Empty>
              ) : (
                <Table
                  rows={rows}
                  columns={columns}
                  rowKey={({ view, feature }) => `${view.name}.${feature.name}`}
                  href={({ view, feature }) =>
                    `${to('features', view.name)}?feature=${encodeURIComponent(feature.name)}`
                  }
                />
              )}
            </Panel>
          )
        }}
      </Load>
    </Page>
  )
}

const counted = (n: number, what: string) => `${count(n)} ${what}${n === 1 ? '' : 's'}`

const textOf = ({ view, feature }: Row) =>
  [
    view.name,
    view.description,
    view.owner,
    view.dataset,
    ...view.entity,
    feature.name,
    feature.description,
    madeOf(feature),
  ]
    .join(' ')
    .toLowerCase()

const columns: Column<Row>[] = [
  {
    key: 'name',
    head: 'Feature',
    cell: ({ view, feature }) => (
      <>
        <span className="muted">{view.name}.</span>
        <b>{feature.name}</b>
        {feature.description && <div className="muted">{feature.description}</div>}
      </>
    ),
  },
  { key: 'entity', head: 'Of', cell: ({ view }) => view.entity.join(', ') },
  { key: 'how', head: 'Made of', cell: ({ feature }) => <code>{madeOf(feature)}</code> },
  { key: 'type', head: 'Type', cell: ({ feature }) => feature.type ?? <span className="muted">unknown</span> },
  { key: 'fresh', head: 'Freshness', cell: ({ view }) => <Freshness view={view} /> },
  { key: 'skew', head: 'Skew', cell: ({ feature }) => <Skew feature={feature} /> },
  { key: 'owner', head: 'Owner', cell: ({ view }) => view.owner ?? <span className="muted">nobody named</span> },
]

/** How old the newest row is that lookups know, or why there is none. */
export function Freshness({ view }: { view: FeatureView }) {
  if (view.problem) return <StateBadge state="failed" text="cannot be used" hint={view.problem} />
  if (view.freshness === null) return <span className="muted">no row yet</span>
  return (
    <>
      <span className="number">{duration(view.freshness)}</span>{' '}
      <span className="muted">{view.live ? 'live' : `version ${view.version ?? '–'}`}</span>
    </>
  )
}

function Skew({ feature }: { feature: Feature }) {
  const worst = worstSkew(feature)
  if (!worst) return <span className="muted">not compared</span>
  const tone = worst.different === 0 ? 'good' : worst.different < 0.01 ? 'warn' : 'bad'
  return (
    <StateBadge
      state="skew"
      tone={tone}
      text={worst.different === 0 ? 'none' : `${percent(worst.different, 2)} differ`}
      hint={`${worst.endpoint}: ${count(worst.samples)} predictions compared with the value that training would have`}
    />
  )
}
