const STEERING = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu
const LONGEST = 120

/**
 * Names and values of others as they may stand beside our own text: characters that cannot be seen or that turn the
 * direction of what follows are written as ‹U+202E›, and what is very long is cut.
 */
export function displayed(text: string, longest = LONGEST): string {
  const characters = [...text]
  const cut = characters.length > longest ? `${characters.slice(0, longest - 1).join('')}…` : text
  return cut.replace(STEERING, (c) => `‹U+${c.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}›`)
}
