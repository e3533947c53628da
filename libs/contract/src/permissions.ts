import { ROLES } from './lists.ts'

export type Role = (typeof ROLES)[number]

const EVERYBODY = ROLES
const BUILDERS = ['owner', 'admin', 'developer'] as const
const KEEPERS = ['owner', 'admin'] as const

/** The roles that each action permits; the API refuses and the console hides by this table. */
const TABLE = {
  'keys:read': EVERYBODY,
  'keys:create': BUILDERS,
  'keys:update': BUILDERS,
  'keys:revoke': BUILDERS,
  /** A key that makes and revokes all others. */
  'management-keys:create': KEEPERS,
  'policies:read': EVERYBODY,
  'policies:update': BUILDERS,
  /** A policy of a workspace or the organisation. */
  'policies:attach-widely': KEEPERS,
  'provider-keys:read': EVERYBODY,
  'provider-keys:update': BUILDERS,
  'own-endpoints:read': EVERYBODY,
  'own-endpoints:update': BUILDERS,
  'requests:read': EVERYBODY,
  'usage:read': EVERYBODY,
  'models:read': EVERYBODY,
  'events:read': EVERYBODY,
  'audit:read': KEEPERS,
  'organisation:read': KEEPERS,
  'organisation:update': KEEPERS,
} as const satisfies Record<string, readonly Role[]>

export type Permission = keyof typeof TABLE

export const PERMISSIONS = Object.keys(TABLE) as readonly Permission[]

/** Whether a role may do something. */
export function may(role: Role, permission: Permission): boolean {
  const allowed: readonly Role[] = TABLE[permission]
  return allowed.includes(role)
}

/** All actions of a role; sent with the session. */
export function permissionsOf(role: Role): Permission[] {
  return PERMISSIONS.filter((permission) => may(role, permission))
}
