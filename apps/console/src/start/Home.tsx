import { Navigate } from 'react-router-dom'
import { remember, remembered } from '../remember.ts'
import { useMay, useSession } from '../session.ts'
import { PageSkeleton } from '../states/Loading.tsx'
import { useArrivals } from './arrivals.ts'

/** Quick start until a first request was seen, then usage. */
export function Home() {
  const { organisation } = useSession()
  const mayRead = useMay('requests:read')
  const known = remembered('arrived') === organisation.id
  if (!mayRead) return <Navigate to="/start" replace />
  return known ? <Navigate to="/usage" replace /> : <Undecided organisationId={organisation.id} />
}

function Undecided({ organisationId }: { organisationId: string }) {
  const { data, error } = useArrivals()
  if (error) return <Navigate to="/start" replace />
  if (!data) return <PageSkeleton />
  if (data.length === 0) return <Navigate to="/start" replace />
  remember('arrived', organisationId)
  return <Navigate to="/usage" replace />
}
