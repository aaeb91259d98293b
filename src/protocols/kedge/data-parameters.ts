import { z } from 'zod'

/** What the routes of sources, datasets and streams have in their addresses. */
export const inProject = z.object({ project: z.string() })
export const named = inProject.extend({ name: z.string() })
/** A number, a tag, or `latest`. */
export const versionName = z.union([
  z.literal('latest'),
  z.coerce.number().int().min(1),
  z.string().regex(/^[a-z][a-z0-9._-]{0,62}$/, 'is no tag'),
])
export const numbered = named.extend({ version: versionName })
export const declaration = z.record(z.string(), z.unknown())
export const listOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), total: z.number().optional() })

export const base = '/api/v1/projects/:project'
export const versions = `${base}/datasets/:name/versions`
export const tag = 'data'
/** Who asks, as the context of a change. */
export const by = (request: { actor: string }) => ({ actor: request.actor })
