export interface Mistakes {
  message: string
  places?: { where: string; what: string }[]
}

/** What a server's refusal says of the fields of one form: place within it → what is wrong; `start` is where the form stands. */
export const wrongPlaces = (mistakes: Mistakes | null | undefined, start = ''): ReadonlyMap<string, string> =>
  new Map(
    (mistakes?.places ?? []).flatMap(({ where, what }) =>
      where.startsWith(start)
        ? [
            [
              where.slice(start.length).replace(/^\./, ''),
              /received undefined/.test(what) ? 'must be given' : what,
            ] as const,
          ]
        : [],
    ),
  )
