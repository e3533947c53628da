import type { QueryClient } from '@tanstack/react-query'
import type { Session } from '@turnpike/contract'
import { HttpError, type AuthProvider } from 'react-admin'
import { call, statusOf } from './api.ts'
import { noteSignedOut, sessionQuery } from './session.ts'

export const SIGN_IN_PATH = '/sign-in'

/** react-admin's view of the session. Scripts cannot read its cookie; only the server's answer is kept. */
export function openAuthProvider(queryClient: QueryClient): AuthProvider {
  const session = () => queryClient.ensureQueryData(sessionQuery)
  return {
    // The sign-in page makes the session itself, because it shows the reasons of a refusal at the fields.
    login: () => Promise.resolve(),
    logout: async () => {
      if (queryClient.getQueryData<Session | null>(sessionQuery.queryKey)) {
        await call('/sign-out', { method: 'POST' }).catch(ignoreGone)
        noteSignedOut()
      }
      return SIGN_IN_PATH
    },
    checkAuth: async () => {
      // An unreachable server does not end the session: the shell shows the error and a retry button.
      const known = await session().catch(() => undefined)
      if (known === null) throw new HttpError('Nobody is signed in.', 401)
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
