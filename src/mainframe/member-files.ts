const endings = ['', '.cpy', '.CPY', '.cob', '.cbl', '.txt']

/** File names under which the member that a COPY names may be; none where the name could lead out of its folder. */
export const memberFiles = (name: string): string[] =>
  /^[\w#@$-]+$/.test(name)
    ? [...new Set([name, name.toUpperCase(), name.toLowerCase()])].flatMap((spelling) =>
        endings.map((ending) => spelling + ending),
      )
    : []
