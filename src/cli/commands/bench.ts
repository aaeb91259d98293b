import { arch, availableParallelism, platform } from 'node:os'
import { type Command, InvalidArgumentError } from 'commander'
import type { z } from 'zod'
import { KedgeError } from '../../errors.ts'
import type { endpointDetail, endpointList } from '../../protocols/kedge/schemas/serving.ts'
import type { measuredCapacity } from '../../protocols/kedge/schemas/serving-load.ts'
import { capacityPlot, readable } from '../bench/capacity-plot.ts'
import { measureCapacity, type Point } from '../bench/measure-capacity.ts'
import { validRows } from '../bench/valid-rows.ts'
import type { Act } from '../context.ts'

interface Options {
  clients: number[]
  batch: number[]
  seconds: number
  yes?: boolean
}

type Endpoint = z.output<typeof endpointDetail>
type Measured = z.output<typeof measuredCapacity>

/** Adds `kedge bench`. */
export function addBench(program: Command, act: Act): void {
  const command = program
    .command('bench <endpoint>')
    .description(
      'Measure what an endpoint can carry: throughput and latency by concurrency, kept and shown on its page',
    )
    .option('--clients <numbers>', 'connections at once, each with one request in flight', numbers(10_000), [1, 8, 32])
    .option('--batch <numbers>', 'rows of a request', numbers(100_000), [1, 100])
    .option('--seconds <number>', 'how long each is measured', seconds, 3)
    .option('--yes', 'load the server although endpoints answer callers now')
    .addHelpText(
      'after',
      `
What is asked is answered, but neither recorded nor counted: monitors, releases and costs do not notice.
That takes the permission serving.write. This machine makes the load: run it beside the server and
both share its processors.

Examples:
  $ kedge bench delay
  $ kedge bench delay --clients 1,4,16,64 --batch 1 --seconds 10
  $ kedge bench delay --json | jq '.points[] | {clients, rate, p99}'`,
    )
  act<Options>(command, async ({ api, terminal, project, world, exit }, options, [name]) => {
    const endpoints = `/api/v1/projects/${encodeURIComponent(project)}/endpoints`
    const base = `${endpoints}/${encodeURIComponent(name!)}`
    const endpoint = await api.get<Endpoint>(base)
    const main = [...endpoint.traffic].sort((a, b) => b.percent - a.percent)[0]
    const http = endpoint.addresses.http
    if (!main || !http || endpoint.state !== 'ready') throw new KedgeError('endpoint_not_ready', { name: name! })
    if (!options.yes) {
      const busy = (await api.get<z.output<typeof endpointList>>(endpoints)).items.filter(
        ({ live }) => (live.rate ?? 0) > 0 || live.p50 !== null,
      )
      if (busy.length > 0) throw new KedgeError('endpoint_in_use', { names: busy.map((one) => one.name).join(', ') })
    }

    const { rows, origin } = await validRows(api, base, endpoint)
    const { hostname, port } = new URL(http)
    const token = world.environment.KEDGE_TOKEN
    const points = await measureCapacity({
      target: {
        host: ['0.0.0.0', '[::]'].includes(hostname) ? new URL(api.url).hostname : hostname.replace(/^\[|\]$/g, ''),
        port: Number(port),
        path: `/projects/${encodeURIComponent(project)}/endpoints/${encodeURIComponent(name!)}/predict`,
        headers: { 'kedge-trial': '1', ...(token ? { authorization: `Bearer ${token}` } : {}) },
      },
      bodiesOf: (batch) =>
        Array.from({ length: Math.max(1, Math.min(200, Math.floor(20_000 / batch))) }, (_, request) =>
          JSON.stringify({
            instances: Array.from({ length: batch }, (_, row) => ({
              features: rows[(request * batch + row) % rows.length],
            })),
          }),
        ),
      clients: options.clients,
      batches: options.batch,
      seconds: options.seconds,
      signal: world.signal,
      progress: terminal.progress,
    })
    const measured = await api.send<Measured>('POST', `${base}/capacity`, {
      revision: main.revision,
      model: endpoint.revisions.find(({ number }) => number === main.revision)?.model ?? endpoint.model,
      version: main.version,
      rows: origin,
      client: `${platform()} ${arch()}, ${availableParallelism()} processors`,
      points,
    })
    terminal.answer(measured, () => report(endpoint, measured, terminal.table))
    if (points.some(({ failed }) => failed > 0)) exit(1)
  })
}

const sources = {
  recorded: 'rows on record',
  reference: "rows drawn from the model's reference",
  signature: 'rows made up from the signature',
}

function report(
  endpoint: Endpoint,
  measured: Measured,
  table: (head: string[], rows: (string | number)[][]) => string,
) {
  const { points } = measured
  const lines = [
    `${endpoint.name}: revision ${measured.revision} (version ${measured.version} of ${measured.model}), ${sources[measured.rows]}`,
    '',
    table(
      ['BATCH', 'CLIENTS', 'REQUESTS/S', 'ROWS/S', 'P50 MS', 'P95 MS', 'P99 MS', 'FAILED'],
      points.map(({ batch, clients, rate, p50, p95, p99, failed }) => [
        batch,
        clients,
        Math.round(rate),
        Math.round(rate * batch),
        Number(p50.toPrecision(3)),
        Number(p95.toPrecision(3)),
        Number(p99.toPrecision(3)),
        failed,
      ]),
    ),
  ]
  for (const [batch, of] of Map.groupBy(points, (point: Point) => point.batch))
    lines.push(
      '',
      `${batch === 1 ? '1 row' : `${batch} rows`} a request; ○ p50, ● p99 with the clients`,
      capacityPlot(of),
    )
  const best = points.reduce((most, point) => (point.rate * point.batch > most.rate * most.batch ? point : most))
  lines.push(
    '',
    `Carries up to ${readable(best.rate * best.batch)} rows a second: ${best.clients} clients with ${best.batch} rows a request, p99 ${readable(best.p99)} ms. It is kept with the endpoint.`,
  )
  return lines.join('\n')
}

/** Whole numbers from 1, with commas between. */
const numbers = (most: number) => (text: string) => {
  const list = text.split(',').map(Number)
  if (!list.every((number) => Number.isInteger(number) && number >= 1 && number <= most))
    throw new InvalidArgumentError(`It must be whole numbers from 1 to ${most}, with commas between, such as 1,8,32.`)
  return [...new Set(list)]
}

function seconds(text: string): number {
  const value = Number(text)
  if (!(value >= 0.1 && value <= 3600)) throw new InvalidArgumentError('It must be seconds, from 0.1 to 3600.')
  return value
}
