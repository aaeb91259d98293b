export interface StageReport {
  /** Says that a stage is done: one JSON object on stdout, with the seconds since the last one. */
  stage(name: string, facts: Record<string, unknown>): void
  /** For people, on stderr. */
  progress(text: string): void
}

/** Stages as JSON lines; their order is the order of the story. */
export function createStageReport(
  print: (line: string) => void,
  progress: (text: string) => void,
  clock: () => number,
): StageReport {
  let last = clock()
  return {
    stage(name, facts) {
      const now = clock()
      print(JSON.stringify({ stage: name, seconds: Math.round((now - last) / 10) / 100, ...facts }))
      last = now
    },
    progress,
  }
}
