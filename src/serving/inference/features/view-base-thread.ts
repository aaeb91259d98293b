/** The entry of a thread that reads the base of a view. */
import { answerAside } from './answer-aside.ts'
import { readViewBase } from './read-view-base.ts'
import { buffersOfRows } from './view-rows.ts'

await answerAside(readViewBase, buffersOfRows)
