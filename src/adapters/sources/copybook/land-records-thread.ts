import { answerWork } from '../thread-answer.ts'
import { type LandRecords, landRecords } from './land-records.ts'

await answerWork((works: LandRecords[]) => {
  let written = 0
  for (const work of works) {
    written += landRecords(work)
    if (work.rows !== undefined && written >= work.rows) break
  }
})
