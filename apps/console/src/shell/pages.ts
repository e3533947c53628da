import type { Permission } from '@turnpike/contract'

/** The pages of the menu in its order, with the permission that opens each; null: everybody's. */
const PAGES = {
  start: null,
  usage: 'usage:read',
  requests: 'requests:read',
  keys: 'keys:read',
  'provider-keys': 'provider-keys:read',
  policies: 'policies:read',
  'what-if': 'policies:read',
  models: 'models:read',
  settings: null,
} as const satisfies Record<string, Permission | null>

export type PageName = keyof typeof PAGES

/** What a person with these permissions may open. */
export function pagesFor(permissions: readonly Permission[]): PageName[] {
  return (Object.keys(PAGES) as PageName[]).filter((page) => {
    const needed = PAGES[page]
    return needed === null || permissions.includes(needed)
  })
}
