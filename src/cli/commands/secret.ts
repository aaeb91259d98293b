import type { Command } from 'commander'
import type { Act } from '../context.ts'
import { readSecret } from '../read-secret.ts'
import { moment } from '../readable.ts'

/** Adds `kedge secret` with its subcommands. */
export function addSecret(program: Command, act: Act): void {
  const command = program
    .command('secret')
    .description('Store, list and delete the secrets that sources and channels name')
  const pathOf = (project: string, name?: string) =>
    `/api/v1/projects/${encodeURIComponent(project)}/secrets${name === undefined ? '' : `/${encodeURIComponent(name)}`}`

  act(
    command
      .command('set <name>')
      .description('Store a secret, or another value for one; the value is asked for, or read from stdin')
      .addHelpText(
        'after',
        '\nThe value is never taken from the command line, where others could read it.\n\nExamples:\n  $ kedge secret set WAREHOUSE_PASSWORD\n  $ kedge secret set WAREHOUSE_PASSWORD < password.txt',
      ),
    async ({ api, terminal, project, world }, _options, [name]) => {
      await api.send('PUT', pathOf(project, name!), { value: await readSecret(world, name!) })
      terminal.answer({ project, stored: name }, () => `${name} is stored in ${project}`)
    },
  )

  act(
    command.command('list').description('List the names of secrets; their values are shown nowhere'),
    async ({ api, terminal, project }) => {
      const { items } = await api.get<{ items: { name: string; updatedAt: number }[] }>(pathOf(project))
      terminal.answer({ project, items }, () =>
        items.length === 0
          ? `${project} has no secrets; \`kedge secret set NAME\` stores one`
          : terminal.table(
              ['NAME', 'CHANGED'],
              items.map(({ name, updatedAt }) => [name, moment(updatedAt)]),
            ),
      )
    },
  )

  act(
    command.command('delete <name>').description('Delete a secret; what names it fails until there is another'),
    async ({ api, terminal, project }, _options, [name]) => {
      await api.send('DELETE', pathOf(project, name!))
      terminal.answer({ project, deleted: name }, () => `${name} is deleted`)
    },
  )
}
