// Over 300 lines: the catalogue stands in one place, an entry a line or two.
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
  not_found: {
    class: 'not_found',
    message: '{kind} {name} does not exist',
    todo: 'List what exists and check the name.',
  },
  already_exists: {
    class: 'conflict',
    message: '{kind} {name} already exists',
    todo: 'Choose another name or change the existing one.',
  },
  conflict: { class: 'conflict', message: '{what}', todo: 'Look at the current state, then decide again.' },
  unauthenticated: {
    class: 'unauthenticated',
    message: 'No valid token was sent',
    todo: 'Send "Authorization: Bearer <token>"; an administrator makes one with `kedge token create`.',
  },
  forbidden: {
    class: 'forbidden',
    message: 'This needs the permission {permission}',
    todo: 'Ask an administrator of the project for a role that has it.',
  },
  foreign_origin: {
    class: 'forbidden',
    message: 'The request names the host {host}, which is not one of this server',
    todo: 'Use the address that the server printed, or add the host with --allowed-host.',
  },
  too_large: { class: 'too_large', message: '{what} is larger than the limit of {limit}', todo: 'Send less at once.' },
  unsupported: {
    class: 'unsupported',
    message: '{what} is not offered here',
    todo: 'See the documentation for what is.',
  },
  overloaded: { class: 'overloaded', message: '{what}', todo: 'Try again after a moment.' },
  rate_limited: {
    class: 'overloaded',
    message: 'The endpoint {endpoint} takes no more than {rate} from one caller',
    todo: 'Try again after {retryAfter} s, or let the endpoint declare a higher `limits.rate`.',
  },
  unavailable: {
    class: 'unavailable',
    message: '{what}',
    todo: 'Try again; `kedge status` and `kedge doctor` say what is away.',
  },
  cancelled: { class: 'conflict', message: '{what} was cancelled', todo: 'Start it again if it was not meant.' },
  internal: {
    class: 'internal',
    message: 'Something failed inside Kedge',
    todo: 'The log has the details under the same id; please report it.',
  },
  port_in_use: {
    class: 'conflict',
    message: 'Port {port} on {host} is in use',
    todo: 'Stop what listens there, or choose another with --port.',
  },
  data_directory_in_use: {
    class: 'conflict',
    message: 'The data directory {path} is used by another Kedge (process {pid})',
    todo: 'Stop the other one, or choose another directory with --data.',
  },
  data_directory_unusable: {
    class: 'conflict',
    message: 'The data directory {path} cannot be used: {why}',
    todo: 'Choose another with --data, correct its rights, or restore a backup into a new one.',
  },
  folder_unusable: {
    class: 'conflict',
    message: 'The folder {path} cannot be used: {why}',
    todo: 'Choose another, or correct its rights.',
  },
  data_directory_newer: {
    class: 'conflict',
    message: 'The data in {path} was written by a newer Kedge ({found}; this one knows up to {known})',
    todo: 'Start the newer version, or restore a backup from before the upgrade.',
  },
  disk_full: {
    class: 'unavailable',
    message: 'No space left on the disk that holds {path}',
    todo: 'Free space; what was acknowledged is safe, what failed can be repeated.',
  },
  events_query_invalid: {
    class: 'invalid',
    message: 'The events engine does not take the query: {what}',
    todo: 'Correct the query, or the declaration that it was made from.',
  },
  events_data_invalid: {
    class: 'invalid',
    message: 'The events engine cannot take the data: {what}',
    todo: 'Correct the named row, value or file and send it again.',
  },
  events_limit: {
    class: 'overloaded',
    message: 'The query needs more than it may: {what}',
    todo: 'Ask for less at once (fewer rows, columns or groups), or give the events process more memory.',
  },
  journal_broken: {
    class: 'conflict',
    message: 'The journal does not verify: entry {id} {why}',
    todo: 'Keep the data directory as it is and compare it with a backup.',
  },
  model_unloadable: {
    class: 'invalid',
    message: 'The model cannot be loaded: {what}',
    todo: 'Export it again as the message says, register it and release that version.',
  },
  endpoint_not_ready: {
    class: 'unavailable',
    message: 'The endpoint {name} has no revision that is ready to predict',
    todo: 'Wait until one is loaded; `kedge status` says what keeps it.',
  },
  load_refused: {
    class: 'conflict',
    message: 'The endpoint answers no request of the load: {status} {what}',
    todo: 'Look at the answer; `kedge status` shows whether the endpoint is ready.',
  },
  endpoint_in_use: {
    class: 'conflict',
    message: '{names} answered callers in the last minute; a load on this server would slow them down',
    todo: 'Measure when nobody asks, or add --yes.',
  },
  prediction_failed: {
    class: 'unavailable',
    message: 'The model failed: {what}',
    todo: 'The log of the inference process has the details; the same input with another revision shows whether it is the model or the input.',
  },
  deadline_passed: {
    class: 'unavailable',
    message: 'The prediction was not ready when its time was over: {what}',
    todo: 'Give it more time, or send less at once; `limits` of the endpoint say how long a call may take.',
  },
  explanation_late: {
    class: 'unavailable',
    message: 'The explanation was not ready within {limit}',
    todo: 'Ask for fewer rows at once, or give it more time (`timeout`).',
  },
  explanations_busy: {
    class: 'overloaded',
    message: '{most} explanations wait already',
    todo: 'Try again after a moment; predictions without `explain` are not held up.',
  },
  worker_died: {
    class: 'unavailable',
    message: '{what}',
    todo: 'Another one is started: try again. The log of the inference process says what the last one printed.',
  },
  features_unreadable: {
    class: 'invalid',
    message: 'The features {source} cannot be looked up: {what}',
    todo: 'Publish a version of the dataset that has them, or change `features` of the endpoint.',
  },
  answers_differ: {
    class: 'invalid',
    message: 'The model does not give the answers that are on record for it: {what}',
    todo: 'Compare the versions of the libraries that exported and that run it, and the columns of kedge-model.json; then register it again.',
  },
  not_recorded: {
    class: 'unavailable',
    message:
      'The endpoint {endpoint} answers only what it can record, and the disk or the spool for predictions is full',
    todo: 'Try again after a moment. Free space on the disk of the inference process, or declare `record: { whenFull: answer }`.',
  },
  blob_corrupt: {
    class: 'internal',
    message: 'The stored bytes of {digest} no longer match their digest',
    todo: 'The disk or the object store has damaged them: restore them from a backup.',
  },
  blob_mismatch: {
    class: 'invalid',
    message: 'The bytes that came have the digest {found}, not {expected}',
    todo: 'Send them again; something changed them on the way.',
  },
  path_unsafe: {
    class: 'invalid',
    message: 'The path {path} leaves its folder or is no plain file',
    todo: 'Use a relative path of plain files without "..", links or control characters.',
  },
  address_guarded: {
    class: 'forbidden',
    message: 'The address {host} is not public, and calls to it are not allowed',
    todo: 'If it is meant, an administrator allows the host with --allow-source-host {host}.',
  },
  path_guarded: {
    class: 'forbidden',
    message: 'Sources may not read {path}',
    todo: 'Put the file below one of the folders for sources, or allow its folder with --source-folder.',
  },
  source_unreachable: {
    class: 'unavailable',
    message: 'The source {source} cannot be reached: {what}',
    todo: 'Check the address and the network, then try again.',
  },
  source_refused: {
    class: 'conflict',
    message: 'The source {source} refused: {what}',
    todo: 'Check the user, the secret, the rights and the name of what is read.',
  },
  source_position_lost: {
    class: 'conflict',
    message: 'The changes of {source} after the last landed one are no longer there: {what}',
    todo: 'Raise `snapshot:` of the source by one: its table is read whole again, and the changes go on from there. On the server, max_slot_wal_keep_size says how much of its log waits for a reader.',
  },
  source_unreadable: {
    class: 'invalid',
    message: 'The source {source} cannot be read: {what}',
    todo: 'Replace the named file by a whole one of the declared kind.',
  },
  source_changed: {
    class: 'unavailable',
    message: 'The source {source} changed while it was read',
    todo: 'Nothing was kept; it is tried again. Replace files by renaming, not by writing into them.',
  },
  source_schema_changed: {
    class: 'conflict',
    message: 'The columns of the source {source} changed: {what}',
    todo: 'If the new columns are right, change the dataset (for example a cast or rename); its next version takes them as they are.',
  },
  expectations_failed: {
    class: 'conflict',
    message: 'Version {version} of {dataset} does not meet its expectations: {what}',
    todo: 'Look at the version and its quarantine; correct the source, the curation or the expectation.',
  },
  dataset_empty: {
    class: 'not_found',
    message: 'The dataset {dataset} has no published version',
    todo: 'Make one: `kedge data materialise {dataset}`.',
  },
  filter_invalid: {
    class: 'invalid',
    message: 'The filter is wrong at character {at}: {what}\n  {near}\n  {caret}',
    todo: "Write it like metrics.auc > 0.8 AND params.model = 'tree'; AND, OR, NOT and parentheses are known.",
  },
  step_failed: {
    class: 'conflict',
    message: 'The step {step} ended with exit code {exitCode}',
    todo: 'Its log says why; correct it and start the pipeline again: finished steps are not repeated.',
  },
  step_signalled: {
    class: 'conflict',
    message: 'The step {step} was ended by a signal from outside',
    todo: 'Its log and the system’s may say why; start the pipeline again.',
  },
  step_timeout: {
    class: 'conflict',
    message: 'The step {step} took longer than its limit of {limit}',
    todo: 'Raise `resources.timeout`, or find in its log what it waited for.',
  },
  step_memory: {
    class: 'conflict',
    message: 'The step {step} took more memory than its limit of {limit}',
    todo: 'Raise `resources.memory`, or let it hold less at once.',
  },
  step_command_missing: {
    class: 'conflict',
    message: 'The command of the step {step} is not there or cannot be executed',
    todo: 'Its log names it: correct `run`, list its files in `code`, or declare the `environment` that has it.',
  },
  step_output_missing: {
    class: 'conflict',
    message: 'The step {step} did not write its output {output} ({path})',
    todo: 'Write it to the path in {variable}.',
  },
  environment_failed: {
    class: 'conflict',
    message: 'The environment of {lock} cannot be built',
    todo: 'The step’s log has what the installer says: correct the lock file, or the network.',
  },
  executor_unavailable: {
    class: 'unsupported',
    message: 'The executor {executor} does not work here: {why}',
    todo: 'Use another executor.',
  },
  server_unreachable: {
    class: 'unavailable',
    message: 'No Kedge can be reached at {url}: {why}',
    todo: 'Start one with `kedge serve`, or name another with --url or KEDGE_URL.',
  },
  backup_invalid: {
    class: 'conflict',
    message: 'The backup in {path} cannot be used: {what}',
    todo: 'Take another backup, or copy this one again from where it came.',
  },
  project_file_invalid: {
    class: 'invalid',
    message: '{file} has {count}',
    todo: 'Correct the named places and apply it again.',
  },
  table_unreadable: {
    class: 'invalid',
    message: '{file} cannot be compared: {what}',
    todo: 'Name a whole Parquet, CSV, TSV or JSON Lines file in UTF-8 with at least one row.',
  },
  column_unknown: {
    class: 'invalid',
    message: '{file} has no column {column}; it has {columns}',
    todo: 'Correct the name, or leave the option away.',
  },
  python_missing: {
    class: 'unavailable',
    message: 'No Python ≥ 3.9 with venv was found',
    todo: 'Install it (Debian: apt-get install python3 python3-venv), or set KEDGE_PYTHON to its path.',
  },
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

  /** `details` fill the placeholders of the catalogue's texts and are shown to the caller: no secrets in them. */
  constructor(
    code: ErrorCode,
    details: Record<string, unknown> = {},
    options: { places?: ErrorPlace[]; cause?: unknown; todo?: string } = {},
  ) {
    const entry: CatalogueEntry = catalogue[code]
    super(fill(entry.message, details), { cause: options.cause })
    this.name = 'KedgeError'
    this.code = code
    this.class = entry.class
    this.todo = options.todo ?? fill(entry.todo, details)
    this.details = details
    this.places = options.places ?? []
  }

  /** What happened and what to do, as one text, for forms of errors that have one field. */
  withTodo(): string {
    return `${this.message}${/[.?!]$/.test(this.message) ? '' : '.'} ${this.todo}`
  }

  /** The form in which every protocol and the CLI show an error. */
  toJSON() {
    return {
      code: this.code,
      message: this.message,
      todo: this.todo,
      ...(this.places.length > 0 ? { places: this.places } : {}),
    }
  }
}

/** What PostgreSQL refuses to store because of the value itself, by SQLSTATE. */
const refusedValues: Record<string, string> = {
  '22021': 'A text holds the character U+0000, which PostgreSQL cannot store',
  '22P05': 'A text holds a character that PostgreSQL cannot store',
  '22003': 'A number is too large to be stored',
  '54000': 'A name is longer than PostgreSQL can index',
}

/** Turns anything thrown into a KedgeError; what is not ours becomes `internal` (or `disk_full`), its text only in `cause`. */
export function asKedgeError(error: unknown): KedgeError {
  if (error instanceof KedgeError) return error
  const code = (error as { code?: unknown } | null)?.code
  if (code === 'ENOSPC' || code === 'SQLITE_FULL')
    return new KedgeError('disk_full', { path: 'the data directory' }, { cause: error })
  if (code === '53100') return new KedgeError('disk_full', { path: 'the database' }, { cause: error })
  const refused = refusedValues[String(code)]
  if (refused) return new KedgeError('invalid_input', { what: refused }, { cause: error })
  return new KedgeError('internal', {}, { cause: error })
}
