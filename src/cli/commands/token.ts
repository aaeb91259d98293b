import type { Command } from 'commander'
import type { Act } from '../context.ts'
import { wholeNumber } from '../option-values.ts'
import { moment } from '../readable.ts'

interface TokenRow {
  name: string
  role: string
  project: string
  createdAt: number
  expiresAt: number | null
  revokedAt: number | null
}

/** Adds `kedge token` with its subcommands. */
export function addToken(program: Command, act: Act): void {
  const command = program.command('token').description('Make, list and revoke the tokens that give access')

  const create = command
    .command('create <name>')
    .description('Make a token; its text is shown this once')
    .requiredOption('--role <role>', 'viewer, predictor, editor, operator or admin')
    .option('--days <count>', 'how long it is valid; for ever when absent', wholeNumber)
    .option('--all', 'for every project')
    .addHelpText('after', '\nExamples:\n  $ kedge token create ci --role editor --days 90 --project flights')
  act<{ role: string; days?: number; all?: boolean }>(create, async ({ api, terminal, project }, options, [name]) => {
    const expiresAt = options.days === undefined ? undefined : Date.now() + options.days * 86_400_000
    const answer = await api.send<{ token: string }>('POST', '/api/v1/tokens', {
      name,
      role: options.role,
      project: options.all ? '*' : project,
      expiresAt,
    })
    terminal.answer(answer, () => answer.token)
  })

  act(command.command('list').description('List tokens; their text is stored nowhere'), async ({ api, terminal }) => {
    const { items } = await api.get<{ items: TokenRow[] }>('/api/v1/tokens')
    terminal.answer({ items }, () =>
      terminal.table(
        ['NAME', 'ROLE', 'PROJECT', 'MADE', 'VALID UNTIL', 'STATE'],
        items.map((token) => [
          token.name,
          token.role,
          token.project,
          moment(token.createdAt),
          token.expiresAt === null ? null : moment(token.expiresAt),
          token.revokedAt !== null
            ? 'revoked'
            : token.expiresAt !== null && token.expiresAt < Date.now()
              ? 'expired'
              : 'valid',
        ]),
      ),
    )
  })

  act(
    command.command('revoke <name>').description('Take a token out of use, at once'),
    async ({ api, terminal }, _options, [name]) => {
      await api.send('DELETE', `/api/v1/tokens/${encodeURIComponent(name!)}`)
      terminal.answer({ revoked: name }, () => `${name} is revoked`)
    },
  )
}
