import { useQuery, type QueryClient } from '@tanstack/react-query'
import type { Permission, Session, SessionAnswer } from '@turnpike/contract'
import { call, statusOf } from './api.ts'
import { sessionExpiry } from './expiry.ts'
import { remember, remembered } from './remember.ts'

/** The session is fetched again after this long; the event stream reports relevant changes earlier. */
const FRESH_MS = 30_000

/** The session; null without one, which is cached like any other answer. */
export const sessionQuery = {
  queryKey: ['session'],
  queryFn: async ({ signal, client }: { signal: AbortSignal; client: QueryClient }): Promise<Session | null> => {
    const known = client.getQueryData<Session | null>(['session']) ?? null
    const wasSignedIn = !onThisDevice.isSignedOut()
    const found = await readSession(() => call<SessionAnswer>('/session', { signal }), onThisDevice)
    if (found || !known || !wasSignedIn) return found
    // Whoever works in this tab signs in over the page, which stays as it is.
    onThisDevice.note(true)
    void sessionExpiry.begin()
    return known
  },
  staleTime: FRESH_MS,
}

/** What is known of the session without a request. Scripts cannot see its cookie. */
interface SessionMemory {
  readonly isSignedOut: () => boolean
  readonly note: (signedIn: boolean) => void
}

/** Only what the server said last: a device that does not remember has to ask. */
const onThisDevice: SessionMemory = {
  isSignedOut: () => remembered('session') === 'none',
  note: (signedIn) => remember('session', signedIn ? 'some' : 'none'),
}

/** Asks for the session unless there is known to be none: a refusal that is expected must not stand in the browser's log. */
export async function readSession(
  fetchSession: () => Promise<SessionAnswer>,
  memory: SessionMemory,
): Promise<Session | null> {
  if (memory.isSignedOut()) return null
  try {
    const { session } = await fetchSession()
    memory.note(true)
    return session
  } catch (error) {
    if (statusOf(error) !== 401) throw error
    memory.note(false)
    return null
  }
}

/** Remembers that the session has ended. */
export function noteSignedOut(): void {
  onThisDevice.note(false)
}

/** Who is signed in. Pages render inside the signed-in shell only, so that it is there. */
export function useSession(): Session {
  const { data } = useQuery(sessionQuery)
  if (!data) throw new Error('A page was rendered outside the signed-in shell.')
  return data
}

/** Takes over the session of an answer. Nothing of another person stays in the cache. */
export async function adoptSession(queryClient: QueryClient, { session }: SessionAnswer): Promise<Session> {
  onThisDevice.note(true)
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
