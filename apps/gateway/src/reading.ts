interface Named {
  /** As Prometheus shows it; a count that only grows ends in `_total`. */
  readonly name: string
  readonly help: string
  /** True for a count that only grows. */
  readonly grows?: boolean
}

/** A figure that is kept elsewhere and read when somebody asks. Several under one name are told apart by a label. */
export type Metric =
  | (Named & { readonly read: () => number })
  | (Named & {
      readonly label: string
      /** By the label's value. All of them from the first reading on, or their first growth is not seen. */
      readonly readEach: () => Readonly<Record<string, number>>
    })
