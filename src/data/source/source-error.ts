import { KedgeError } from '../../errors.ts'

const codeOf = (error: KedgeError): string | undefined => (error.cause as { type?: string } | undefined)?.type

/** What the engine says about a source's rows, in terms of the source: its name and what is wrong with it. */
export function sourceError(error: unknown, source: string, name: string): unknown {
  if (!(error instanceof KedgeError)) return error
  const places = error.places.map((place) => ({ ...place, where: `${source}: ${place.where}` }))
  const translated = (code: 'source_unreadable' | 'source_refused' | 'source_unreachable', what = error.message) =>
    new KedgeError(code, { source: name, what: plain(what, source) }, { cause: error, places })
  const refused = /FATAL|password|denied|does not exist|doesn't exist|Failed to fetch table structure/i.test(
    error.message,
  )
  switch (error.code) {
    case 'source_unreadable':
      // the kind of source knows what to do, but not what the source is called
      return error.details.source === ''
        ? new KedgeError(error.code, { ...error.details, source: name }, { cause: error, places, todo: error.todo })
        : error
    case 'events_data_invalid':
      // the engine has no code of its own for a MySQL server that went away
      if (/mysqlxx::/.test(error.message))
        return translated('source_unreachable', 'the connection to the database was lost')
      return translated('source_unreadable')
    case 'events_query_invalid':
      if (/not a database/.test(error.message)) return translated('source_unreadable')
      if (codeOf(error) === 'CANNOT_SEEK_THROUGH_FILE')
        return translated('source_unreadable', 'the file ends too early')
      return refused ? translated('source_refused') : error
    case 'internal':
      // the engine's reader of Arrow streams takes what it cannot make sense of for a mistake of its own (seen with 26.7)
      return codeOf(error) === 'LOGICAL_ERROR'
        ? translated('source_unreadable', 'the engine makes no sense of what is in it')
        : error
    case 'unavailable':
      if (codeOf(error) === undefined) return error
      return translated(refused ? 'source_refused' : 'source_unreachable')
    default:
      return error
  }
}

/** The engine's sentence without its own name and its advice for people who write SQL. */
const plain = (what: string, source: string) =>
  what
    .replace(/^The events engine (cannot take the data|does not take the query): /, '')
    .replace(/You can specify the structure manually.*$/s, '')
    .replace(/^Try \d+\. /, '')
    .replace(/The table structure cannot be extracted from an? (\w+) format file[.:]?\s*(Error:)?\s*/g, '')
    .replace(/\(in file\/uri [^)]*\)/g, '')
    .replace(/std::exception\. Code: \d+, type: \S+, e\.what\(\) = (.*?) \(version [^)]*\)/g, '$1')
    .replace(/, ERROR (\d+) : mysqlxx::\w+: /g, ': ')
    .replace(/\(\(nullptr\):\d+\)/g, '')
    .trim()
    .replace(/^$/, `${source} is not readable`)
    .slice(0, 300)
