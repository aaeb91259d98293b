import { isIP } from 'node:net'
import { Readable } from 'node:stream'
import { Agent, fetch } from 'undici'
import { type PlaceEnvironment, shownAddress } from '../../contracts/file-place.ts'
import { KedgeError } from '../../errors.ts'
import type { AddressGuard } from './address-guard.ts'

export interface GuardedRequests {
  request: PlaceEnvironment['request']
  close(): Promise<void>
}

/**
 * Requests over HTTP whose host is checked, and connected to at the address that was checked, whatever its name says
 * then. `patience`: milliseconds without a byte.
 */
export function createGuardedRequests(
  guard: AddressGuard,
  { patience, signal }: { patience: number; signal?: AbortSignal | undefined },
): GuardedRequests {
  const agents = new Map<string, Promise<Agent>>()

  async function agentFor(host: string): Promise<Agent> {
    const address = await guard.check(host)
    const family = isIP(address)
    return new Agent({
      headersTimeout: patience,
      bodyTimeout: patience,
      connect: {
        timeout: Math.min(patience, 10_000),
        lookup: (_, options, done) => {
          if (options.all) done(null, [{ address, family }])
          else done(null, address, family)
        },
      },
    })
  }

  return {
    async request(url, { method = 'GET', headers = {}, body } = {}) {
      let agent = agents.get(url.hostname)
      if (!agent) {
        agent = agentFor(url.hostname)
        agents.set(url.hostname, agent)
      }
      const dispatcher = await agent.catch((error) => {
        agents.delete(url.hostname)
        throw error
      })
      try {
        const answer = await fetch(url, {
          method,
          headers: { 'user-agent': 'kedge', 'accept-encoding': 'identity', ...headers },
          redirect: 'manual',
          dispatcher,
          ...(body === undefined ? {} : { body }),
          ...(signal ? { signal } : {}),
        })
        const sent = answer.body ? Readable.fromWeb(answer.body as never) : Readable.from([], { objectMode: false })
        // what breaks before somebody reads is told when somebody reads
        sent.on('error', () => {})
        return { status: answer.status, headers: answer.headers, body: sent }
      } catch (error) {
        throw networkError(shownAddress(url.href), error, signal)
      }
    },
    async close() {
      for (const agent of agents.values())
        await agent.then(
          (one) => one.destroy(),
          () => {},
        )
    },
  }
}

/** A failure of the network in terms of the source; other errors as they are. */
export function networkError(place: string, error: unknown, signal?: AbortSignal): unknown {
  if (error instanceof KedgeError) return error
  if (signal?.aborted) return new KedgeError('cancelled', { what: 'The download' }, { cause: error })
  const cause = (error as { cause?: { code?: string; message?: string } } | null)?.cause
  const code = cause?.code ?? (error as { code?: string } | null)?.code
  if (code === 'ENOSPC') return error
  if (cause || (typeof code === 'string' && /^(UND_|E[A-Z]+|ERR_STREAM_PREMATURE)/.test(code)))
    return new KedgeError(
      'source_unreachable',
      { source: place, what: code ?? cause?.message ?? 'the connection failed' },
      { cause: error },
    )
  return error
}
