import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Governance } from '../../governance/governance.ts'
import { projectName } from '../../governance/projects.ts'
import { roleNames } from '../../governance/role.ts'
import { route } from '../route.ts'

const done = z.object({ done: z.literal(true) })
const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, 'letters, digits, _ . and -, at most 63')
const project = z.object({ name: z.string(), createdAt: z.number() })

/** Projects, tokens and secrets. */
export function governanceRoutes(app: FastifyInstance, { projects, tokens, secrets }: Governance): void {
  route(app, {
    method: 'GET',
    url: '/api/v1/projects',
    permission: 'read',
    summary: 'All projects',
    tag: 'projects',
    answer: z.object({ items: z.array(project) }),
    handler: async () => ({ items: await projects.list() }),
  })
  route(app, {
    method: 'GET',
    url: '/api/v1/projects/:project',
    permission: 'read',
    summary: 'One project',
    tag: 'projects',
    params: z.object({ project: z.string() }),
    answer: project,
    handler: ({ params }) => projects.get(params.project),
  })
  route(app, {
    method: 'PUT',
    url: '/api/v1/projects/:project',
    permission: 'project.write',
    summary: 'Creates the project unless it exists',
    tag: 'projects',
    params: z.object({ project: z.string().regex(projectName, 'lower-case letters, digits, - and _, at most 63') }),
    answer: project,
    async handler(request) {
      await projects.ensure({ actor: request.actor }, request.params.project)
      return projects.get(request.params.project)
    },
  })

  route(app, {
    method: 'GET',
    url: '/api/v1/tokens',
    permission: 'admin',
    summary: 'Tokens by name; never their text',
    tag: 'access',
    answer: z.object({
      items: z.array(
        z.object({
          name: z.string(),
          role: z.enum(roleNames),
          project: z.string(),
          createdAt: z.number(),
          expiresAt: z.number().nullable(),
          revokedAt: z.number().nullable(),
        }),
      ),
    }),
    handler: async () => ({ items: await tokens.list() }),
  })
  route(app, {
    method: 'POST',
    url: '/api/v1/tokens',
    permission: 'admin',
    summary: 'Makes a token; its text is shown in this answer only',
    tag: 'access',
    body: z.object({
      name,
      role: z.enum(roleNames),
      project: z.string().default('*'),
      expiresAt: z.number().int().optional(),
    }),
    answer: z.object({ token: z.string() }),
    status: 201,
    handler: ({ actor, body: { expiresAt, ...body } }) =>
      tokens.create({ actor }, { ...body, ...(expiresAt === undefined ? {} : { expiresAt }) }),
  })
  route(app, {
    method: 'DELETE',
    url: '/api/v1/tokens/:name',
    permission: 'admin',
    summary: 'Revokes a token',
    tag: 'access',
    params: z.object({ name: z.string() }),
    answer: done,
    async handler({ actor, params }) {
      await tokens.revoke({ actor }, params.name)
      return { done: true as const }
    },
  })

  route(app, {
    method: 'GET',
    url: '/api/v1/projects/:project/secrets',
    permission: 'project.write',
    summary: 'Names of the stored secrets; never their values',
    tag: 'access',
    params: z.object({ project: z.string() }),
    answer: z.object({ items: z.array(z.object({ name: z.string(), updatedAt: z.number() })) }),
    handler: async ({ params }) => ({ items: await secrets.list(params.project) }),
  })
  route(app, {
    method: 'PUT',
    url: '/api/v1/projects/:project/secrets/:name',
    permission: 'project.write',
    summary: 'Stores a secret, encrypted',
    tag: 'access',
    params: z.object({ project: z.string(), name }),
    body: z.object({ value: z.string().min(1).max(65_536) }),
    answer: done,
    async handler({ actor, params, body }) {
      await secrets.put({ actor }, params.project, params.name, body.value)
      return { done: true as const }
    },
  })
  route(app, {
    method: 'DELETE',
    url: '/api/v1/projects/:project/secrets/:name',
    permission: 'project.write',
    summary: 'Deletes a secret',
    tag: 'access',
    params: z.object({ project: z.string(), name: z.string() }),
    answer: done,
    async handler({ actor, params }) {
      await secrets.delete({ actor }, params.project, params.name)
      return { done: true as const }
    },
  })
}
