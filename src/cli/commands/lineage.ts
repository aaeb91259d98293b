import type { Command } from 'commander'
import type { z } from 'zod'
import { KedgeError } from '../../errors.ts'
import type { lineageGraph } from '../../protocols/kedge/schemas/journal.ts'
import type { predictionRows } from '../../protocols/kedge/schemas/monitoring.ts'
import type { endpointDetail } from '../../protocols/kedge/schemas/serving.ts'
import type { ApiClient } from '../api-client.ts'
import type { Act } from '../context.ts'

type Graph = z.output<typeof lineageGraph>

/** Adds `kedge lineage`. */
export function addLineage(program: Command, act: Act): void {
  const command = program
    .command('lineage <thing>')
    .description('Show what a thing came from, down to the source rows, and what came from it')
    .addHelpText(
      'after',
      `
A thing is kind/name as in the journal: model_version/delay@2, dataset_version/flights@1, endpoint/delay, run/<id>;
or prediction/ENDPOINT/ID.

Examples:
  $ kedge lineage model_version/delay@2
  $ kedge lineage prediction/delay/2001-02-01/000123`,
    )
  act(command, async ({ api, terminal, project }, _options, [thing]) => {
    const graph = await readLineage(api, project, thing!)
    terminal.answer(graph, () => tree(thing!, graph))
  })
}

/** The lineage of a thing; that of a prediction begins with the revision that made it. Errors: `not_found`. */
export async function readLineage(api: ApiClient, project: string, thing: string): Promise<Graph> {
  const base = `/api/v1/projects/${encodeURIComponent(project)}`
  const trace = ([kind = '', ...name]: string[]) =>
    api.get<Graph>(`${base}/lineage/${encodeURIComponent(kind)}/${encodeURIComponent(name.join('/'))}`)
  const [kind, endpoint, ...id] = thing.split('/')
  if (kind !== 'prediction') return trace(thing.split('/'))
  if (endpoint === undefined || id.length === 0)
    throw new KedgeError('invalid_input', { what: 'A prediction is named prediction/ENDPOINT/ID' })

  const { items } = await api.get<z.output<typeof predictionRows>>(
    `${base}/endpoints/${encodeURIComponent(endpoint)}/predictions`,
    { id: id.join('/') },
  )
  const made = items.filter((row) => !row.shadow)[0] ?? items[0]
  if (!made) throw new KedgeError('not_found', { kind: 'Prediction', name: id.join('/') })
  const detail = await api.get<z.output<typeof endpointDetail>>(`${base}/endpoints/${encodeURIComponent(endpoint)}`)
  const revision = detail.revisions.find(({ number }) => number === made.revision)
  if (!revision) throw new KedgeError('not_found', { kind: 'Revision', name: `${endpoint}#${made.revision}` })
  const version = `model_version/${revision.model}@${revision.version}`
  const below = await trace(version.split('/'))
  const revisionThing = `revision/${endpoint}@${made.revision}`
  const sources = below.things.filter(({ distance }) => distance <= 0)
  const reached = new Set(sources.map(({ subject }) => subject))
  return {
    things: [
      { subject: thing, distance: 0 },
      { subject: revisionThing, distance: -1 },
      ...sources.map(({ subject, distance }) => ({ subject, distance: distance - 2 })),
    ],
    edges: [
      { thing, source: revisionThing, relation: 'predicted by', eventId: 0 },
      { thing: revisionThing, source: version, relation: 'serves', eventId: 0 },
      ...below.edges.filter((edge) => reached.has(edge.thing) && reached.has(edge.source)),
    ],
  }
}

/** Each thing below the one that came from it; what was shown before is not opened again. */
function tree(thing: string, { edges }: Graph): string {
  const lines = [thing]
  const open = (subject: string, indent: string, direction: 'down' | 'up', seen: Set<string>) => {
    const next = edges.filter((edge) => (direction === 'down' ? edge.thing : edge.source) === subject)
    next.forEach((edge, i) => {
      const last = i === next.length - 1
      const other = direction === 'down' ? edge.source : edge.thing
      const again = seen.has(other)
      lines.push(
        `${indent}${last ? '└─' : '├─'} ${direction === 'down' ? edge.relation : `(${edge.relation})`} ${other}${again ? ' …' : ''}`,
      )
      if (again) return
      seen.add(other)
      open(other, `${indent}${last ? '   ' : '│  '}`, direction, seen)
    })
  }
  open(thing, '', 'down', new Set([thing]))
  const before = lines.length
  open(thing, '  ', 'up', new Set([thing]))
  if (lines.length > before) lines.splice(before, 0, 'what came from it:')
  return lines.join('\n')
}
