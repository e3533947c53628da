import type { ChatDelta } from '@turnpike/domain'

/** A delta while it is being put together. Fields are set one by one, since this runs once for every frame of every stream. */
export type Draft = { -readonly [Field in keyof ChatDelta]: ChatDelta[Field] }
