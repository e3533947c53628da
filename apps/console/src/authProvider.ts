import type { QueryClient } from '@tanstack/react-query'
import type { Session } from '@turnpike/contract'
import type { AuthProvider } from 'react-admin'
import { call, statusOf } from './api.ts'
import { sessionQuery } from './session.ts'

export const SIGN_IN_PATH = '/sign-in'

/** react-admin's view of the session. Scripts cannot read its cookie; only the server's answer is kept. */
export function openAuthProvider(queryClient: QueryClient): AuthProvider {
  const session = () => queryClient.ensureQueryData(sessionQuery)
  return {
    // The sign-in page makes the session itself, because it shows the reasons of a refusal at the fields.
    login: () => Promise.resolve(),
    logout: async () => {
      if (queryClient.getQueryData<Session | null>(sessionQuery.queryKey))
        await call('/sign-out', { method: 'POST' }).catch(ignoreGone)
      return SIGN_IN_PATH
    },
    // Never refuses: the shell redirects without a session, and shows the error when the server cannot be reached.
    // A refusal would sign out, forget what the cache holds, and ask for the session again.
    checkAuth: async () => {
      await session().catch(() => undefined)
    },
    checkError: async (error: unknown) => {
      if (statusOf(error) === 401) throw asError(error)
    },
    getIdentity: async () => {
      const known = await session()
      return { id: known?.user.id ?? '', fullName: known?.user.email ?? '' }
    },
    // react-admin also calls this without a session. No permissions is a valid answer; a rejection would redirect.
    getPermissions: () => session().then(permissionsOf, () => []),
    canAccess: async ({ resource, action }) => {
      const permissions = permissionsOf(await session())
      return permissions.includes(`${resource}:${action === 'list' || action === 'show' ? 'read' : action}`)
    },
  }
}

function permissionsOf(session: Session | null): readonly string[] {
  return session?.permissions ?? []
}

/** Ignores that the session has already ended; any other refusal is shown. */
function ignoreGone(error: unknown): void {
  if (statusOf(error) !== 401) throw asError(error)
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
