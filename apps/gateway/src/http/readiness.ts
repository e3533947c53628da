import { secretTroubles, type ChannelState, type KeySecretState } from '@turnpike/store'

/** What readiness depends on. */
export interface GatewayState {
  readonly shuttingDown: boolean
  /** Whether a catalogue is in force, from Postgres or from a snapshot. */
  readonly hasCatalogue: boolean
  readonly secrets: KeySecretState
  readonly channels: ChannelState
}

/** Silent for longer, this gateway might accept a revoked key. Detection takes 3 s more; the promise is ten in all. */
const SILENT_MS_MAX = 5_000

/** Whether this gateway should get traffic; one store may be away. @param nowMs as in `channels.silentSinceMs` */
export function readinessOf(state: GatewayState, nowMs: number) {
  const { shuttingDown, hasCatalogue, secrets, channels } = state
  const silentMs = channels.silentSinceMs === null ? 0 : nowMs - channels.silentSinceMs
  const reasons = [
    ...(shuttingDown ? ['shutting_down: This gateway is shutting down.'] : []),
    ...(hasCatalogue ? [] : ['catalogue_missing: The catalogue was not read yet.']),
    ...(channels.postgres && !secrets.checked
      ? ['secrets_unchecked: The key secrets were not compared with the database yet.']
      : []),
    ...secretTroubles(secrets),
    ...(silentMs > SILENT_MS_MAX
      ? ['channels_silent: Changes of keys are received from neither store, so a revoked key might be let in.']
      : []),
  ]
  // Each is a code for programs, a colon and a sentence for people.
  return { ready: reasons.length === 0, reasons }
}
