import type { Environment } from '../environment.ts'
import { createExternalEndpoints } from './log-endpoints.ts'
import { createLoggedReferences } from './log-references.ts'
import { createLoggedVersions } from './log-versions.ts'
import type { DescribeEndpoint } from './watched-revision.ts'

/** What monitoring knows of endpoints that Kedge does not serve: their versions as they were logged, and their references. */
export function createDescribeExternal(served: DescribeEndpoint, environment: Environment): DescribeEndpoint {
  const endpoints = createExternalEndpoints(environment)
  const allVersions = createLoggedVersions(environment)
  const allReferences = createLoggedReferences(environment)
  return async (key) => {
    const endpoint = await endpoints.find(key)
    if (!endpoint) return served(key)
    const [versions, references] = await Promise.all([allVersions.list(key), allReferences.list(key)])
    const referenceOf = (version: string) =>
      references.find((one) => one.version === version) ?? references.find((one) => one.version === '')
    return {
      threshold: endpoint.spec.threshold,
      revisions: [{ version: '', revision: 0 }, ...versions].map(({ version, revision }) => {
        const reference = referenceOf(version)?.digest ?? null
        return {
          revision,
          model: key.endpoint,
          version: revision,
          reference,
          // another file is another reference
          scope: `reference/${key.endpoint}/${reference?.slice(0, 16)}`,
          ...(endpoint.spec.task ? { task: endpoint.spec.task } : {}),
        }
      }),
    }
  }
}
