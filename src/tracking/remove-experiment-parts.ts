import type { Change } from '../journal/journal.ts'

/** Takes away what belongs to an experiment besides runs, models and traces, when the experiment goes for good. */
export async function removeExperimentParts(db: Change['db'], project: string, experiment: string): Promise<void> {
  await db
    .deleteFrom('scorer_versions')
    .where('scorer', 'in', (e) =>
      e.selectFrom('scorers').select('id').where('project', '=', project).where('experiment', '=', experiment),
    )
    .execute()
  await db
    .deleteFrom('review_items')
    .where('queue', 'in', (e) =>
      e.selectFrom('review_queues').select('id').where('project', '=', project).where('experiment', '=', experiment),
    )
    .execute()
  for (const table of ['scorers', 'review_queues', 'label_schemas', 'issues'] as const)
    await db.deleteFrom(table).where('project', '=', project).where('experiment', '=', experiment).execute()
  // datasets stay: other experiments may have them
  await db
    .deleteFrom('evaluation_dataset_experiments')
    .where('experiment', '=', experiment)
    .where('dataset', 'in', (e) => e.selectFrom('evaluation_datasets').select('id').where('project', '=', project))
    .execute()
}
