/** Whether a value is one of a level 88: numbers by value, texts without the blanks at their end. */
export function within(value: string, { from, to }: { from: string; to?: string }, numeric: boolean): boolean {
  const figurative = (text: string) => (/^ZERO(E?S)?$/i.test(text) ? '0' : /^SPACES?$/i.test(text) ? '' : text)
  const [low, high] = [figurative(from), to === undefined ? undefined : figurative(to)]
  if (numeric) {
    const number = Number(value)
    return high === undefined ? number === Number(low) : number >= Number(low) && number <= Number(high)
  }
  const text = value.trimEnd()
  if (high === undefined) return text === low.trimEnd()
  return text >= low.trimEnd() && text <= high.trimEnd()
}
