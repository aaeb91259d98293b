import type { ChangeContext } from '../journal/journal.ts'
import type { Finding } from './check-references.ts'

/** A section of the project file as its domain keeps it. */
export interface ProjectPart {
  /** what one of it is called: `dataset`, `endpoint` … */
  kind: string
  /** what is stored, with defaults filled in as the file's schema does */
  list(project: string): Promise<StoredItem[]>
  /** Creates or changes it; the same again changes nothing. `spec` as it was written. */
  put(context: ChangeContext, project: string, name: string, spec: unknown, files: ProjectFiles): Promise<void>
  /** Mistakes that only the domain sees, as paths below the item. `given` may be any document: other checks say what is wrong with its form. */
  check?(item: ItemToCheck): Finding[] | Promise<Finding[]>
  remove?(context: ChangeContext, project: string, name: string): Promise<void>
  /** Digests by path of the files that belong to it, to see changes in them. `spec` with defaults filled in. */
  files?(spec: unknown, files: ProjectFiles): Record<string, string>
}

export interface ItemToCheck {
  project: string
  name: string
  /** as it was written */
  given: unknown
  /** the whole document as it was written */
  content: Record<string, unknown>
  files: ProjectFiles
}

export interface StoredItem {
  name: string
  spec: unknown
  /** path → digest */
  files?: Record<string, string>
}

/** Path relative to the project file → contents. */
export type ProjectFiles = Readonly<Record<string, Uint8Array>>
