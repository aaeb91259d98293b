import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Pipelines } from '../../pipelines/pipelines.ts'
import type { ProjectFileService } from '../../project-file/project-file.ts'
import { route } from '../route.ts'
import { codeState } from './schemas/code-state.ts'

const change = z.object({
  kind: z.string(),
  name: z.string(),
  action: z.enum(['create', 'change', 'unchanged', 'remove', 'kept']),
  differences: z.array(z.object({ field: z.string(), from: z.unknown().optional(), to: z.unknown().optional() })),
  breaks: z
    .object({ owner: z.string().nullable(), what: z.array(z.string()), affects: z.array(z.string()) })
    .optional()
    .meta({ description: 'what readers of a dataset lose by the change, and who they are' }),
})

/** Project files: what `kedge apply` sends. */
export function projectRoutes(
  app: FastifyInstance,
  { projectFile, pipelines }: { projectFile: ProjectFileService; pipelines: Pipelines },
): void {
  route(app, {
    method: 'POST',
    url: '/api/v1/projects/:project/apply',
    permission: 'project.write',
    summary: 'Brings the project to what a kedge.yaml declares, or only says what would change',
    tag: 'projects',
    params: z.object({ project: z.string() }),
    body: z.strictObject({
      text: z.string().max(2 ** 20),
      /** what the user calls the file */
      file: z.string().max(500).optional(),
      folder: z
        .string()
        .max(4000)
        .optional()
        .describe('folder of the file on the machine of the server; relative paths of sources start there'),
      files: z
        .record(z.string(), z.base64())
        .default({})
        .describe('path → contents in base64: code and lock files that pipelines name'),
      code: codeState
        .optional()
        .describe('the state of the repository that the file is in; kept with the runs of its pipelines'),
      dryRun: z.boolean().default(false),
      prune: z.boolean().default(false).describe('remove what is stored but not in the file'),
    }),
    answer: z.object({ changes: z.array(change) }),
    async handler({ actor, params, body }) {
      const files = Object.fromEntries(
        Object.entries(body.files).map(([path, contents]) => [path, Buffer.from(contents, 'base64')]),
      )
      const input = {
        project: params.project,
        text: body.text,
        name: body.file,
        folder: body.folder,
        files,
        prune: body.prune,
      }
      if (body.dryRun) return { changes: await projectFile.plan(input) }
      const changes = await projectFile.apply({ actor }, input)
      const declared = changes.filter(
        ({ kind, action }) => kind === 'pipeline' && action !== 'remove' && action !== 'kept',
      )
      if (body.code)
        await pipelines.code.put(
          { actor },
          params.project,
          declared.map(({ name }) => name),
          body.code,
        )
      return { changes }
    },
  })

  route(app, {
    method: 'GET',
    url: '/api/v1/kedge.schema.json',
    permission: 'public',
    summary: 'JSON Schema of kedge.yaml, for editors',
    tag: 'projects',
    handler: async () => z.toJSONSchema(projectFile.schema, { io: 'input', unrepresentable: 'any' }),
  })
}
