/** The entry of a thread that reads one table of features. */
import { answerAside } from './answer-aside.ts'
import { buffersOf } from './feature-table.ts'
import { readFeatureTable } from './read-feature-table.ts'

await answerAside(readFeatureTable, buffersOf)
