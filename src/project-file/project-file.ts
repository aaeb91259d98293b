import { isAbsolute, join } from 'node:path'
import { KedgeError } from '../errors.ts'
import type { Projects } from '../governance/projects.ts'
import type { ChangeContext } from '../journal/journal.ts'
import { applyProject } from './apply-project.ts'
import { type ParsedProjectFile, parseProjectFile } from './parse-project-file.ts'
import { type PlannedChange, planProject } from './plan.ts'
import { type ProjectExtensions, projectFileSpec } from './project-file-spec.ts'
import type { ProjectFiles } from './project-part.ts'
import { type ProjectServices, projectParts } from './project-parts.ts'

export interface ProjectFileInput {
  /** the project that the caller may change; the file must name the same */
  project: string
  text: string
  /** what the user calls the file */
  name?: string | undefined
  /** folder of the file on this machine, which relative paths of sources start at */
  folder?: string | undefined
  files: ProjectFiles
  prune: boolean
}

/** Plans and applies project files. Errors: `project_file_invalid` with every mistake; what the domains refuse. */
export function createProjectFile(services: ProjectServices & { projects: Projects }, extensions: ProjectExtensions) {
  const schema = projectFileSpec(extensions)
  const parts = projectParts(services, extensions)

  function read({ project, text, name, folder }: ProjectFileInput): ParsedProjectFile {
    const parsed = parseProjectFile(schema, text, name)
    if (parsed.file.project !== project)
      throw new KedgeError('invalid_input', {
        what: `The file is of the project ${parsed.file.project}, not of ${project}`,
      })
    return folder === undefined ? parsed : withAbsolutePaths(parsed, folder)
  }

  return {
    schema,
    async plan(input: ProjectFileInput): Promise<PlannedChange[]> {
      return planProject(parts, read(input), input.files, input.prune)
    },
    async apply(context: ChangeContext, input: ProjectFileInput): Promise<PlannedChange[]> {
      const parsed = read(input)
      await services.projects.ensure(context, input.project)
      return applyProject(parts, context, parsed, input.files, input.prune)
    },
  }
}

export type ProjectFileService = ReturnType<typeof createProjectFile>

/** A path of a source means what it means beside the file. */
function withAbsolutePaths({ file, given }: ParsedProjectFile, folder: string): ParsedProjectFile {
  const place = (specs: Record<string, unknown>) =>
    Object.fromEntries(
      Object.entries(specs).map(([name, spec]) => {
        const { path } = spec as { path?: unknown }
        return [
          name,
          typeof path === 'string' && !isAbsolute(path) ? { ...(spec as object), path: join(folder, path) } : spec,
        ]
      }),
    )
  return {
    file: { ...file, sources: place(file.sources) as typeof file.sources },
    given: { ...given, sources: place((given.sources ?? {}) as Record<string, unknown>) },
  }
}
