import type { KedgeError } from '../errors.ts'

/** What the CLI's exit codes mean; shown in its help. */
export const exitCodes = {
  0: 'done',
  1: 'it failed, or what was asked about has failed',
  2: 'the command, its options or a file it was given is wrong',
  3: 'the server cannot be reached, or a part of it is away',
  4: 'the server asks for a token, or the token may not do this',
  130: 'interrupted',
} as const

export type ExitCode = keyof typeof exitCodes

/** The exit code that fits an error. */
export function exitCodeOf(error: KedgeError): ExitCode {
  if (error.class === 'invalid') return 2
  if (error.class === 'unavailable' || error.class === 'overloaded') return 3
  if (error.class === 'unauthenticated' || error.class === 'forbidden') return 4
  return 1
}
