import type { Permission } from './permission.ts'

export const roleNames = ['viewer', 'editor', 'operator', 'admin', 'predictor'] as const
export type RoleName = (typeof roleNames)[number]

const viewer: Permission[] = ['read']
const predictor: Permission[] = ['predict', 'actuals.write']
const editor: Permission[] = [...viewer, ...predictor, 'data.write', 'tracking.write', 'pipelines.run']
const operator: Permission[] = [...editor, 'registry.write', 'serving.write', 'monitoring.write', 'project.write']

/** What each role may do. */
export const roles: Record<RoleName, ReadonlySet<Permission>> = {
  viewer: new Set(viewer),
  predictor: new Set(predictor),
  editor: new Set(editor),
  operator: new Set(operator),
  admin: new Set<Permission>([...operator, 'admin']),
}
