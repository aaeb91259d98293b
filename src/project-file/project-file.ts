import { isAbsolute, join } from 'node:path'
import { KedgeError } from '../errors.ts'
import type { Projects } from '../governance/projects.ts'
import type { ChangeContext } from '../journal/journal.ts'
import { applyProject } from './apply-project.ts'
import { checkParts } from './check-parts.ts'
import type { Finding } from './check-references.ts'
import { addBreaks } from './dataset-breaks.ts'
import { openProjectFile, type ParsedProjectFile } from './parse-project-file.ts'
import { type PlannedChange, planProject } from './plan.ts'
import { type ProjectExtensions, type ProjectFile, projectFileSpec } from './project-file-spec.ts'
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

  /** Errors: `project_file_invalid` with every mistake that the file, or a domain, has or sees. */
  async function read({ project, text, name, folder, files }: ProjectFileInput) {
    const { file, content, refusal } = openProjectFile(schema, text, name)
    const place = (specs: unknown) => (folder === undefined ? specs : withAbsolutePaths(specs, folder))
    const absolute = content && { ...content, sources: place(content.sources ?? {}) }
    const refused = refusal(absolute && (await checkParts(parts, project, absolute, files)))
    if (refused) throw refused
    if (file!.project !== project)
      throw new KedgeError('invalid_input', {
        what: `The file is of the project ${file!.project}, not of ${project}`,
      })
    const parsed: ParsedProjectFile = {
      file: { ...file!, sources: place(file!.sources) as ProjectFile['sources'] },
      given: absolute as ParsedProjectFile['given'],
    }
    return { parsed, refusal: (findings: Finding[]) => (findings.length > 0 ? refusal(findings) : undefined) }
  }

  return {
    schema,
    async plan(input: ProjectFileInput): Promise<PlannedChange[]> {
      const { parsed } = await read(input)
      return addBreaks(services, extensions, parsed, await planProject(parts, parsed, input.files, input.prune))
    },
    async apply(context: ChangeContext, input: ProjectFileInput): Promise<PlannedChange[]> {
      const { parsed, refusal } = await read(input)
      await services.projects.ensure(context, input.project)
      return applyProject(parts, context, parsed, input.files, input.prune, refusal)
    },
  }
}

export type ProjectFileService = ReturnType<typeof createProjectFile>

/** A path of a source means what it means beside the file. */
const withAbsolutePaths = (sources: unknown, folder: string): unknown =>
  typeof sources !== 'object' || sources === null
    ? sources
    : Object.fromEntries(
        Object.entries(sources).map(([name, spec]) => {
          const { path } = (spec ?? {}) as { path?: unknown }
          return [
            name,
            typeof path === 'string' && !isAbsolute(path) ? { ...(spec as object), path: join(folder, path) } : spec,
          ]
        }),
      )
