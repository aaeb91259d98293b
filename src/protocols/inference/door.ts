import { KedgeError } from '../../errors.ts'
import type { ServedEndpoint } from '../../serving/inference/served-endpoint.ts'

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

/** Lets callers in to an endpoint. Without `authorize` everybody may. */
export interface Door {
  /** Errors: `unauthenticated`, `forbidden`. */
  enter(endpoint: ServedEndpoint, visitor: Visitor): Promise<ServedEndpoint>
}

export function createDoor({ authorize }: { authorize: Authorize | undefined }): Door {
  return {
    async enter(endpoint, { authorization, trial }) {
      const permission = trial ? 'serving.write' : 'predict'
      if (authorize && !(await authorize(authorization, endpoint.project, permission)))
        throw authorization === undefined
          ? new KedgeError('unauthenticated')
          : new KedgeError('forbidden', { permission })
      return endpoint
    },
  }
}
