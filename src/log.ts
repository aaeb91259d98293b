import pino from 'pino'

export type Logger = Pick<pino.Logger, 'debug' | 'info' | 'warn' | 'error' | 'child'>

const secretKeys = ['password', 'secret', 'token', 'authorization', 'access_key', 'secret_access_key', 'cookie']

/** JSON lines on stderr, so that stdout stays for answers; values under names of secrets are never written. */
export function createLog(level: string = 'info'): pino.Logger {
  const paths = secretKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`])
  return pino({ level, redact: { paths, censor: '[secret]' } }, pino.destination({ dest: 2, sync: true }))
}

export const silentLog: Logger = pino({ level: 'silent' })
