import { z } from 'zod'

/** The state of a repository that a project file was applied from. */
export const codeState = z.strictObject({
  commit: z.string().regex(/^[0-9a-f]{40,64}$/),
  branch: z.string().max(500).nullable().describe('null when no branch is checked out'),
  origin: z.string().max(2000).nullable().describe('address of the repository, without credentials'),
  dirty: z.boolean().describe('whether the folder differs from the commit'),
  untracked: z.array(z.string().max(2000)).max(200).default([]).describe('files that the repository does not know'),
  diff: z
    .string()
    .max(8 * 2 ** 20)
    .nullable()
    .describe('the differences to the commit, as git writes them'),
})
