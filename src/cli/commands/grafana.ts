import type { Command } from 'commander'
import type { Act } from '../context.ts'

/** Adds `kedge grafana`. */
export function addGrafana(program: Command, act: Act): void {
  const command = program
    .command('grafana')
    .description('Print a dashboard for Grafana over the metrics that Prometheus reads at /metrics')
    .addHelpText('after', '\nExamples:\n  $ kedge grafana > dashboard.json')
  act(command, async ({ api, terminal }) => {
    terminal.print(JSON.stringify(await api.get('/api/v1/grafana-dashboard'), null, 2))
  })
}
