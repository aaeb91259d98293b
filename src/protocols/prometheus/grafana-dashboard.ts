import { metricCatalogue } from './metric-catalogue.ts'

const m = Object.fromEntries(Object.entries(metricCatalogue).map(([key, { name }]) => [key, name])) as Record<
  keyof typeof metricCatalogue,
  string
>
const of = 'project=~"$project",endpoint=~"$endpoint"'
const datasource = { type: 'prometheus', uid: '$datasource' }

interface Panel {
  title: string
  queries: [expression: string, legend: string][]
  unit?: string
  type?: 'timeseries' | 'stat' | 'table'
  width?: number
}

const rows: { title: string; panels: Panel[] }[] = [
  {
    title: 'Endpoints',
    panels: [
      { title: 'Open alerts', type: 'stat', width: 4, queries: [[`sum(${m.alertsOpen}{${of}}) or vector(0)`, '']] },
      { title: 'Endpoints that answer', type: 'stat', width: 4, queries: [[`sum(${m.ready}{${of}})`, '']] },
      { title: 'Predictions a second', width: 8, queries: [[`sum by (endpoint) (rate(${m.predictions}{${of}}[5m]))`, '{{endpoint}}']] },
      { title: 'Latency', width: 8, unit: 's', queries: [[`${m.latency}{${of}}`, '{{endpoint}} {{quantile}}']] },
      { title: 'Failed predictions', unit: 'percentunit', queries: [[`sum by (endpoint) (rate(${m.errors}{${of}}[5m])) / sum by (endpoint) (rate(${m.predictions}{${of}}[5m]))`, '{{endpoint}}']] },
      { title: 'Traffic by revision', unit: 'percentunit', queries: [[`${m.traffic}{${of}}`, '{{endpoint}} r{{revision}} v{{version}}']] },
      { title: 'Processor time a second', unit: 's', queries: [[`sum by (endpoint) (rate(${m.cpu}{${of}}[5m]))`, '{{endpoint}}']] },
    ],
  },
  {
    title: 'Monitors',
    panels: [
      { title: 'State of each family (0 ok, 1 watch, 2 violation)', queries: [[`${m.state}{${of}}`, '{{endpoint}} {{family}}']] },
      { title: 'Drift by feature', queries: [[`topk(20, ${m.score}{${of},family="drift",feature!=""})`, '{{endpoint}} {{feature}}']] },
      { title: 'Performance', queries: [[`${m.score}{${of},family="performance",feature=""}`, '{{endpoint}} {{monitor}} r{{revision}}']] },
      { title: 'Scores beyond their threshold', type: 'table', queries: [[`${m.score}{${of}} > ${m.threshold}{${of}}`, '']] },
      { title: 'Alerts opened a day', queries: [[`sum by (endpoint, family) (increase(${m.alerts}{${of}}[1d]))`, '{{endpoint}} {{family}}']] },
      { title: 'Age of the newest prediction', unit: 's', queries: [[`time() - ${m.lastPrediction}{${of}}`, '{{endpoint}}']] },
      { title: 'Hours that wait to be computed', queries: [[`${m.stale}{${of}}`, '{{endpoint}}']] },
    ],
  },
  {
    title: 'Server',
    panels: [
      { title: 'Memory', unit: 'bytes', queries: [[m.memory, 'control'], [m.nodeMemory, '{{node}}']] },
      { title: 'Jobs', queries: [[m.jobs, '{{state}}']] },
      { title: 'Predictions that wait to be stored', unit: 'bytes', queries: [[m.spool, '{{node}}']] },
      { title: 'Predictions that are not on record', queries: [[`sum by (node) (increase(${m.dropped}[1h]))`, '{{node}}'], [`sum by (endpoint) (increase(${m.unrecorded}{${of}}[1h]))`, '{{endpoint}}']] },
      { title: 'Events engine', queries: [[m.engineUp, 'ready'], [`increase(${m.engineRestarts}[1h])`, 'restarts an hour']] },
      { title: 'Entries of the journal a second', queries: [[`rate(${m.journal}[5m])`, '']] },
    ],
  },
] // biome-ignore format: a table

const variable = (name: string, label: string) => ({
  name,
  type: 'query',
  datasource,
  query: { query: `label_values(${m.lastPrediction}, ${label})`, refId: name },
  refresh: 2,
  includeAll: true,
  multi: true,
  current: { text: 'All', value: '$__all' },
})

/** A Grafana dashboard (schema 39) over the metrics of the catalogue. */
export function grafanaDashboard() {
  const panels: object[] = []
  let id = 1
  let y = 0
  for (const row of rows) {
    panels.push({
      id: id++,
      type: 'row',
      title: row.title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y: y++, w: 24, h: 1 },
    })
    let x = 0
    for (const { title, queries, unit, type = 'timeseries', width = 8 } of row.panels) {
      if (x + width > 24) {
        x = 0
        y += 8
      }
      panels.push({
        id: id++,
        type,
        title,
        datasource,
        gridPos: { x, y, w: width, h: 8 },
        fieldConfig: { defaults: unit ? { unit } : {}, overrides: [] },
        options: {},
        targets: queries.map(([expr, legendFormat], i) => ({
          datasource,
          refId: String.fromCharCode(65 + i),
          expr,
          legendFormat,
          ...(type === 'timeseries' ? {} : { instant: true }),
          ...(type === 'table' ? { format: 'table' } : {}),
        })),
      })
      x += width
    }
    y += 8
  }
  return {
    uid: 'kedge',
    title: 'Kedge',
    tags: ['kedge', 'machine-learning'],
    schemaVersion: 39,
    editable: true,
    refresh: '1m',
    time: { from: 'now-24h', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', type: 'datasource', query: 'prometheus', current: {} },
        variable('project', 'project'),
        variable('endpoint', 'endpoint'),
      ],
    },
    panels,
  }
}
