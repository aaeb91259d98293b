import type { SourceDefinition, SourceTable } from '../../contracts/source.ts'
import type { EventsStore } from '../../storage/events/events-store.ts'
import type { SourceSpec } from '../dataset-spec.ts'
import type { AddressGuard } from './address-guard.ts'
import type { SourceFiles } from './source-files.ts'

/** What opening sources needs of the server. */
export interface SourceAccess {
  kinds: readonly SourceDefinition[]
  engine: EventsStore
  files: SourceFiles
  addresses: AddressGuard
  secret(project: string, name: string): Promise<string>
  /** what was landed of a stream */
  landed(project: string, name: string, spec: SourceSpec): Promise<SourceTable>
}
