/** What a caller may be allowed to do; every route names one. Roles are sets of these, see `governance/role.ts`. */
export type Permission =
  | 'public' // needs nothing: health, the UI's files, the API's description
  | 'read'
  | 'data.write'
  | 'tracking.write'
  | 'registry.write'
  | 'pipelines.run'
  | 'predict'
  | 'actuals.write'
  | 'serving.write'
  | 'monitoring.write'
  | 'project.write' // apply, automation, channels
  | 'admin'
  | 'internal' // between Kedge's own processes
