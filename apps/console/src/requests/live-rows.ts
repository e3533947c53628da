import type { RequestRow } from '@turnpike/contract'
import { useEffect, useRef, useState } from 'react'
import { useLive } from '../live.ts'
import { admits, type Filters } from './filters.ts'

/** Rows kept beyond the fetched ones. When there are more, the list is fetched anew. */
const LIVE_ROWS_MAX = 200
/** Scrolled further than this, a list that grows above would move what is being read. */
const AT_TOP_PX = 120

interface LiveRows {
  readonly rows: readonly RequestRow[]
  /** Received, but not shown yet because the reader has scrolled down. */
  readonly paused: readonly RequestRow[]
}

const NONE: LiveRows = { rows: [], paused: [] }

/**
 * Rows that arrive while the list is open. They join at the top, or wait until one is back there.
 * @param refetch fetches the list anew
 */
export function useLiveRows(filters: Filters, refetch: () => Promise<unknown>): LiveRows & { release: () => void } {
  const list = JSON.stringify(filters)
  const [state, setState] = useState({ list, live: NONE })
  const live = state.list === list ? state.live : NONE
  // Several rows may arrive before the page is drawn again, so that each change builds on the one before.
  const change = (next: (before: LiveRows) => LiveRows) =>
    setState((before) => ({ list, live: next(before.list === list ? before.live : NONE) }))
  const release = () => change(({ rows, paused }) => ({ rows: joined(paused, rows), paused: [] }))
  const isRefetching = useRef(false)
  const renew = async () => {
    isRefetching.current = true
    await refetch()
    change(() => NONE)
    isRefetching.current = false
  }
  useLive('request', ({ row }) => {
    if (!admits(filters, row)) return
    if (live.rows.length + live.paused.length >= LIVE_ROWS_MAX && !isRefetching.current) void renew()
    const isFollowing = window.scrollY < AT_TOP_PX
    change(({ rows, paused }) =>
      isFollowing ? { rows: joined([row, ...paused], rows), paused: [] } : { rows, paused: joined([row], paused) },
    )
  })
  useEffect(() => {
    if (live.paused.length === 0) return undefined
    const watch = () => {
      if (window.scrollY < AT_TOP_PX) release()
    }
    window.addEventListener('scroll', watch, { passive: true })
    return () => window.removeEventListener('scroll', watch)
  })
  return { ...live, release }
}

/** Newer before older, each once. */
export function joined(newer: readonly RequestRow[], older: readonly RequestRow[]): RequestRow[] {
  const known = new Set(newer.map(({ id }) => id))
  return [...newer, ...older.filter(({ id }) => !known.has(id))]
}
