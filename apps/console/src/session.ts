import { useQuery, type QueryClient } from '@tanstack/react-query'
import type { Permission, Session, SessionAnswer } from '@turnpike/contract'
import { call, statusOf } from './api.ts'

/** The session is fetched again after this long; the event stream reports relevant changes earlier. */
const FRESH_MS = 30_000

/** The session; null without one, which is cached like any other answer. */
export const sessionQuery = {
  queryKey: ['session'],
  queryFn: async ({ signal }: { signal: AbortSignal }): Promise<Session | null> => {
    try {
      return (await call<SessionAnswer>('/session', { signal })).session
    } catch (error) {
      if (statusOf(error) === 401) return null
      throw error
    }
  },
  staleTime: FRESH_MS,
}

/** Who is signed in. Pages render inside the signed-in shell only, so that it is there. */
export function useSession(): Session {
  const { data } = useQuery(sessionQuery)
  if (!data) throw new Error('A page was rendered outside the signed-in shell.')
  return data
}

/** Takes over the session of an answer. Nothing of another person stays in the cache. */
export async function adoptSession(queryClient: QueryClient, { session }: SessionAnswer): Promise<Session> {
  const before = queryClient.getQueryData<Session | null>(sessionQuery.queryKey)
  if (before?.user.id !== session.user.id) {
    queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'auth' })
  }
  queryClient.setQueryData(sessionQuery.queryKey, session)
  // react-admin cached the missing session and would sign the user out again.
  await queryClient.invalidateQueries({ queryKey: ['auth'] })
  return session
}

/** Whether the signed-in person may do something; the API refuses it by the same table. */
export function useMay(permission: Permission): boolean {
  return useSession().permissions.includes(permission)
}
