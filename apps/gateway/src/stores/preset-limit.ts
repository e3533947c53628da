import { Fault, type WorkspaceId } from '@turnpike/domain'
import { LRUCache } from 'lru-cache'

/** More than a person or a pipeline deploys. Each change is an audit entry, and takes a number that all tenants share. */
const CHANGES_MAX = 60
const PER_MS = CHANGES_MAX / 60_000
/** Beyond it the workspace that changed a preset longest ago is forgotten, and begins anew. */
const WORKSPACES_MAX = 5_000

/** Changes of presets by workspace: sixty at once, one a second on. Of this process only. */
export class PresetLimit {
  readonly #left = new LRUCache<WorkspaceId, { readonly changes: number; readonly atMs: number }>({
    max: WORKSPACES_MAX,
  })

  /** Counts one more. Throws Fault `rate_limited` instead when there were too many. @param nowMs monotonic clock */
  take(workspaceId: WorkspaceId, nowMs: number): void {
    const { changes, atMs } = this.#left.get(workspaceId) ?? { changes: CHANGES_MAX, atMs: nowMs }
    const left = Math.min(CHANGES_MAX, changes + (nowMs - atMs) * PER_MS)
    if (left < 1) {
      throw new Fault(
        'rate_limited',
        'Presets of this workspace are changed too often. Change one once and use it often.',
        {
          retryAfterMs: Math.ceil((1 - left) / PER_MS),
        },
      )
    }
    this.#left.set(workspaceId, { changes: left - 1, atMs: nowMs })
  }
}
