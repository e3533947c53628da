/** The name under which requests are counted whose model is none: one for all names that callers make up. No slug is like it. */
export const UNKNOWN_MODEL = '(unknown model)'
