/**
 * The catalogue of everything that can go wrong. Knows nothing of HTTP: a code belongs to a class, and each protocol
 * maps the class to its own status. A message says what happened and where; `todo` says what to do about it.
 */
export type ErrorClass =
  | 'invalid' // the caller's input is wrong
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict' // the state does not allow it now
  | 'too_large'
  | 'unsupported' // understood, but not offered here
  | 'overloaded' // try again later
  | 'unavailable' // a part of Kedge or a source is away
  | 'internal'

interface CatalogueEntry {
  class: ErrorClass
  message: string
  todo: string
}

/** Placeholders in braces are filled from the details of the error. */
export const catalogue = {
  invalid_input: { class: 'invalid', message: '{what}', todo: 'Correct the named fields and send it again.' },
  not_found: { class: 'not_found', message: '{kind} {name} does not exist', todo: 'List what exists and check the name.' },
  already_exists: { class: 'conflict', message: '{kind} {name} already exists', todo: 'Choose another name or change the existing one.' },
  conflict: { class: 'conflict', message: '{what}', todo: 'Look at the current state, then decide again.' },
  unauthenticated: { class: 'unauthenticated', message: 'No valid token was sent', todo: 'Send "Authorization: Bearer <token>"; an administrator makes one with `kedge token create`.' },
  forbidden: { class: 'forbidden', message: 'This needs the permission {permission}', todo: 'Ask an administrator of the project for a role that has it.' },
  foreign_origin: { class: 'forbidden', message: 'The request names the host {host}, which is not one of this server', todo: 'Use the address that the server printed, or add the host with --allowed-host.' },
  too_large: { class: 'too_large', message: '{what} is larger than the limit of {limit}', todo: 'Send less at once.' },
  unsupported: { class: 'unsupported', message: '{what} is not offered here', todo: 'See the documentation for what is.' },
  overloaded: { class: 'overloaded', message: '{what}', todo: 'Try again after a moment.' },
  unavailable: { class: 'unavailable', message: '{what}', todo: 'Try again; `kedge status` and `kedge doctor` say what is away.' },
  cancelled: { class: 'conflict', message: '{what} was cancelled', todo: 'Start it again if it was not meant.' },
  internal: { class: 'internal', message: 'Something failed inside Kedge', todo: 'The log has the details under the same id; please report it.' },
  port_in_use: { class: 'conflict', message: 'Port {port} on {host} is in use', todo: 'Stop what listens there, or choose another with --port.' },
  data_directory_in_use: { class: 'conflict', message: 'The data directory {path} is used by another Kedge (process {pid})', todo: 'Stop the other one, or choose another directory with --data.' },
  data_directory_newer: { class: 'conflict', message: 'The data in {path} was written by a newer Kedge ({found}; this one knows up to {known})', todo: 'Start the newer version, or restore a backup from before the upgrade.' },
  disk_full: { class: 'unavailable', message: 'No space left on the disk that holds {path}', todo: 'Free space; what was acknowledged is safe, what failed can be repeated.' },
  events_query_invalid: { class: 'invalid', message: 'The events engine does not take the query: {what}', todo: 'Correct the query, or the declaration that it was made from.' },
  events_data_invalid: { class: 'invalid', message: 'The events engine cannot take the data: {what}', todo: 'Correct the named row, value or file and send it again.' },
  events_limit: { class: 'overloaded', message: 'The query needs more than it may: {what}', todo: 'Ask for less at once (fewer rows, columns or groups), or give the events process more memory.' },
  journal_broken: { class: 'conflict', message: 'The journal does not verify: entry {id} {why}', todo: 'Keep the data directory as it is and compare it with a backup.' },
  model_invalid: { class: 'invalid', message: 'The model cannot be loaded: {what}', todo: 'Correct the model folder (model.onnx with kedge-model.json, or a folder saved by MLflow) and register it again.' },
  model_unloadable: { class: 'invalid', message: 'The model cannot be loaded: {what}', todo: 'Export it again as the message says, register it and release that version.' },
  endpoint_not_ready: { class: 'unavailable', message: 'The endpoint {name} has no revision that is ready to predict', todo: 'Wait until one is loaded; `kedge status` says what keeps it.' },
  model_input_invalid: { class: 'invalid', message: 'The model does not take this input: {what}', todo: "Send the inputs that the model's signature names, in their types and shapes." },
  model_failed: { class: 'unavailable', message: 'The model failed: {what}', todo: 'Look at the log of the model; the same input with another version shows whether it is the model or the input.' },
  python_missing: { class: 'unavailable', message: 'No Python ≥ 3.9 with venv was found', todo: 'Install it (Debian: apt-get install python3 python3-venv), or set KEDGE_PYTHON to its path.' },
} as const satisfies Record<string, CatalogueEntry>

export type ErrorCode = keyof typeof catalogue

/** What is wrong at one place of an input: a field, a line, a row. */
export interface ErrorPlace {
  /** dotted path of the field, or `line:column`, or `file:row:column` */
  where: string
  what: string
}

const fill = (template: string, details: Record<string, unknown>) =>
  template.replace(/\{(\w+)\}/g, (_, key: string) => String(details[key] ?? `{${key}}`))

export class KedgeError extends Error {
  readonly code: ErrorCode
  readonly class: ErrorClass
  readonly todo: string
  readonly details: Record<string, unknown>
  readonly places: ErrorPlace[]

  /** `details` fill the placeholders of the catalogue's message and are shown to the caller: no secrets in them. */
  constructor(code: ErrorCode, details: Record<string, unknown> = {}, options: { places?: ErrorPlace[]; cause?: unknown; todo?: string } = {}) {
    const entry: CatalogueEntry = catalogue[code]
    super(fill(entry.message, details), { cause: options.cause })
    this.name = 'KedgeError'
    this.code = code
    this.class = entry.class
    this.todo = options.todo ?? entry.todo
    this.details = details
    this.places = options.places ?? []
  }

  /** The form in which every protocol and the CLI show an error. */
  toJSON() {
    return { code: this.code, message: this.message, todo: this.todo, ...(this.places.length > 0 ? { places: this.places } : {}) }
  }
}

/** Turns anything thrown into a KedgeError; what is not ours becomes `internal` (or `disk_full`), its text only in `cause`. */
export function asKedgeError(error: unknown): KedgeError {
  if (error instanceof KedgeError) return error
  const code = (error as { code?: unknown } | null)?.code
  if (code === 'ENOSPC' || code === 'SQLITE_FULL') return new KedgeError('disk_full', { path: 'the data directory' }, { cause: error })
  return new KedgeError('internal', {}, { cause: error })
}
