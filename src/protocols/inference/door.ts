import { KedgeError } from '../../errors.ts'
import type { ServedEndpoint } from '../../serving/inference/served-endpoint.ts'
import { createRateLimiter } from './rate-limiter.ts'

/** Whether the sender of an `Authorization` header may predict on the project's endpoints, or try them unnoticed. */
export type Authorize = (
  authorization: string | undefined,
  project: string,
  permission?: 'predict' | 'serving.write',
) => Promise<boolean>

export interface Visitor {
  authorization: string | undefined
  /** of the network, without the port */
  address: string | undefined
  /** wants predictions that are neither recorded nor counted */
  trial?: boolean
}

/** Lets callers in to an endpoint. Without `authorize` everybody may, as often as the endpoint's rate lets an address. */
export interface Door {
  /** whether callers must bring a token */
  readonly secured: boolean
  /** Errors: `unauthenticated`, `forbidden`, `rate_limited`. */
  enter(endpoint: ServedEndpoint, visitor: Visitor): Promise<ServedEndpoint>
}

/** One door for all listeners of a process: a caller's rate is one, whatever it speaks. */
export function createDoor({ authorize, clock }: { authorize: Authorize | undefined; clock: () => number }): Door {
  const limiter = createRateLimiter(clock)

  /** A token may be for a project, or for one endpoint of it: then its project is `PROJECT/ENDPOINT`. */
  async function allowed({ project, name }: ServedEndpoint, { authorization, trial }: Visitor) {
    if (!authorize) return true
    if (await authorize(authorization, project, permissionOf(trial))) return true
    return authorize(authorization, `${project}/${name}`, permissionOf(trial))
  }

  return {
    secured: authorize !== undefined,
    async enter(endpoint, visitor) {
      const { authorization, address, trial } = visitor
      if (!(await allowed(endpoint, visitor)))
        throw authorization === undefined
          ? new KedgeError('unauthenticated')
          : new KedgeError('forbidden', { permission: permissionOf(trial) })
      const { rate } = endpoint.limits
      if (!rate || trial) return endpoint
      // without tokens a header names nobody
      const caller = authorize ? authorization : address?.replace(/^::ffff:/, '')
      const wait = limiter.take(`${endpoint.id} ${caller}`, rate)
      if (wait === 0) return endpoint
      throw new KedgeError('rate_limited', {
        endpoint: endpoint.name,
        rate: `${rate.count} requests in ${rate.per / 1000} s`,
        retryAfter: Math.ceil(wait / 1000),
      })
    },
  }
}

const permissionOf = (trial: boolean | undefined) => (trial ? 'serving.write' : 'predict')
