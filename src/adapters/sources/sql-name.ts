/** A column's name in the events engine's SQL. */
export const quotedName = (name: string): string => `\`${name.replace(/[\\`]/g, '\\$&')}\``

/** A text in the events engine's SQL. */
export const quotedText = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`
