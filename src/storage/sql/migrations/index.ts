import { migration as m0001 } from './0001-journal-and-jobs.ts'
import { migration as m0002 } from './0002-data.ts'
import { migration as m0003 } from './0003-tracking.ts'
import { migration as m0004 } from './0004-registry.ts'
import { migration as m0005 } from './0005-pipelines.ts'
import { migration as m0006 } from './0006-serving.ts'
import { migration as m0007 } from './0007-monitoring.ts'
import { migration as m0008 } from './0008-automation.ts'
import { migration as m0009 } from './0009-governance.ts'
import { migration as m0010 } from './0010-traces.ts'
import { migration as m0011evaluation } from './0011-evaluation.ts'
import { migration as m0011review } from './0011-review.ts'
import { migration as m0011uploads } from './0011-uploads.ts'
import { migration as m0011webhooks } from './0011-webhooks.ts'
import { migration as m0012 } from './0012-costs.ts'
import { migration as m0018 } from './0018-run-views.ts'
import { migration as m0028 } from './0028-capacities.ts'
import { migration as m0029conversions } from './0029-conversions.ts'
import { migration as m0031 } from './0031-monitors.ts'
import { migration as m0032explanations } from './0032-explanations.ts'
import { migration as m0033 } from './0033-logged-models.ts'
import { migration as m0033registrations } from './0033-registrations.ts'
import { migration as m0034 } from './0034-streams.ts'
import { migration as m0035 } from './0035-data.ts'
import { migration as m0038 } from './0038-monitored-columns.ts'
import { migration as m0040 } from './0040-discards.ts'
import { migration as m0044 } from './0044-features.ts'
import { migration as m0045 } from './0045-lineage-events.ts'

/** In the order in which they run; a migration that has been released never changes. */
export const migrations = {
  '0001-journal-and-jobs': m0001,
  '0002-data': m0002,
  '0003-tracking': m0003,
  '0004-registry': m0004,
  '0005-pipelines': m0005,
  '0006-serving': m0006,
  '0007-monitoring': m0007,
  '0008-automation': m0008,
  '0009-governance': m0009,
  '0010-traces': m0010,
  '0011-evaluation': m0011evaluation,
  '0011-review': m0011review,
  '0011-uploads': m0011uploads,
  '0011-webhooks': m0011webhooks,
  '0012-costs': m0012,
  '0018-run-views': m0018,
  '0028-capacities': m0028,
  '0029-conversions': m0029conversions,
  '0031-monitors': m0031,
  '0032-explanations': m0032explanations,
  '0033-logged-models': m0033,
  '0033-registrations': m0033registrations,
  '0034-streams': m0034,
  '0035-data': m0035,
  '0038-monitored-columns': m0038,
  '0040-discards': m0040,
  '0044-features': m0044,
  '0045-lineage-events': m0045,
}
