import type { Command } from 'commander'
import type { z } from 'zod'
import type { alertList } from '../../protocols/kedge/schemas/monitoring.ts'
import type { endpointList } from '../../protocols/kedge/schemas/serving.ts'
import type { streamList } from '../../protocols/kedge/schemas/streams.ts'
import type { Act } from '../context.ts'
import { bytes, moment, span } from '../readable.ts'

interface ServerStatus {
  version: string
  startedAt: number
  addresses: { http: string; inference: string | null; grpc: string | null }
  roles: string[]
  stores: { sql: string; events: { kind: string; state: string; restarts: number } }
  memory: { residentBytes: number }
  nodes: { node: string; spool: { dropped: number; rejected: number } }[]
  problems: { what: string; todo: string }[]
  journal: { head: number }
  pid: number
}

/** Adds `kedge status`. */
export function addStatus(program: Command, act: Act): void {
  const command = program
    .command('status')
    .description('Show the server, the endpoints of the project and what is wrong')
    .addHelpText(
      'after',
      '\nExit code 1 when an alert is open, or a stream or the server has a problem, so that a script can ask.\n\nExamples:\n  $ kedge status\n  $ kedge status --json | jq .endpoints',
    )
  act(command, async ({ api, terminal, project, exit }) => {
    const server = await api.get<ServerStatus>('/api/v1/status')
    const { items: projects } = await api.get<{ items: { name: string }[] }>('/api/v1/projects')
    const known = projects.some(({ name }) => name === project)
    const base = `/api/v1/projects/${encodeURIComponent(project)}`
    const endpoints = known ? (await api.get<z.output<typeof endpointList>>(`${base}/endpoints`)).items : []
    const alerts = known ? (await api.get<z.output<typeof alertList>>(`${base}/alerts`, { state: 'open' })).items : []
    const streams = known ? (await api.get<z.output<typeof streamList>>(`${base}/streams`)).items : []
    terminal.answer({ server, projects: projects.map(({ name }) => name), project, endpoints, alerts, streams }, () => {
      const { events, sql } = server.stores
      const lines = [
        `Kedge ${server.version} at ${server.addresses.http}, up for ${span(Date.now() - server.startedAt)}, ${bytes(server.memory.residentBytes)}, process ${server.pid}`,
        `stores: ${sql}; events ${events.kind} ${events.state}${events.restarts > 0 ? ` (${events.restarts} restarts)` : ''}; journal at ${server.journal.head}`,
        `projects: ${projects.map(({ name }) => name).join(', ') || 'none yet; `kedge apply` makes one'}`,
      ]
      if (endpoints.length > 0)
        lines.push(
          '',
          terminal.table(
            ['ENDPOINT', 'STATE', 'TRAFFIC', 'RATE/S', 'P99 MS', 'RELEASE'],
            endpoints.map((endpoint) => [
              endpoint.name,
              endpoint.state,
              endpoint.traffic
                .map(({ version, percent, shadow }) => `v${version} ${shadow ? 'shadow' : `${percent}%`}`)
                .join(' '),
              endpoint.live.rate === null ? null : Math.round(endpoint.live.rate * 10) / 10,
              endpoint.live.p99 === null ? null : Math.round(endpoint.live.p99 * 10) / 10,
              endpoint.release
                ? `v${endpoint.release.version} ${endpoint.release.state} ${endpoint.release.state === 'running' ? endpoint.release.stage : ''}`.trim()
                : null,
            ]),
          ),
        )
      if (streams.length > 0)
        lines.push(
          '',
          terminal.table(
            ['STREAM', 'KIND', 'STATE', 'ROWS/S', 'LAG', 'LANDED', 'WAITING', 'DEAD LETTERS'],
            streams.map((stream) => [
              stream.name,
              stream.kind,
              stream.state === 'paused' ? 'paused' : stream.connection,
              stream.rate,
              stream.lag,
              stream.landed,
              stream.buffered.rows,
              stream.deadLetters,
            ]),
          ),
        )
      for (const { name, problem } of streams)
        if (problem) lines.push(terminal.colour('red', `stream ${name}: ${problem}`))
      for (const { what, todo } of server.problems) lines.push(terminal.colour('red', `problem: ${what}. ${todo}`))
      for (const { node, spool } of server.nodes)
        if (spool.dropped + spool.rejected > 0)
          lines.push(
            terminal.colour(
              'red',
              `inference ${node}: ${spool.dropped} predictions were answered but not recorded (disk or spool full), ${spool.rejected} were refused by control`,
            ),
          )
      for (const alert of alerts)
        lines.push(
          terminal.colour(
            'red',
            `alert ${alert.id}: ${alert.endpoint} ${alert.family} since ${moment(alert.firstWindowEnd)}${alert.causes[0] ? `; ${alert.causes[0].reason}` : ''}`,
          ),
        )
      return lines.join('\n')
    })
    if (alerts.length > 0 || server.problems.length > 0 || streams.some(({ problem }) => problem !== null)) exit(1)
  })
}
