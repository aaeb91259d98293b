/** Where a filter is wrong (the first character is 0) and what is wrong there, as the server's message says; it draws the place itself below. */
export function wrongPlace(message: string): { at: number | undefined; what: string } {
  const [, at, what] = / at character (\d+): (.*)/.exec(message) ?? []
  return at === undefined ? { at: undefined, what: message } : { at: Number(at) - 1, what: what! }
}
