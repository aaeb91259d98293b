import { copiedTokens } from './copy-statements.ts'
import type { SourceFormat } from './copybook-lines.ts'
import { type LayoutItem, layOut } from './layout.ts'
import { parseCopybook } from './parse-copybook.ts'

/**
 * The records of a copybook with every item in its place. `member` gives the text of what it COPYs.
 * Errors: `source_unreadable` names the line; those of `member`.
 */
export async function compileCopybook(
  text: string,
  member: (name: string) => Promise<string>,
  options: { format?: SourceFormat | undefined; decimalComma?: boolean | undefined } = {},
): Promise<LayoutItem[]> {
  const tokens = await copiedTokens(text, member, options.format)
  return parseCopybook(tokens, { decimalComma: options.decimalComma === true }).map(layOut)
}
