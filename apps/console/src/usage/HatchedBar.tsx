const idOf = (series: string | number) => `hatch-${series}`

interface HatchedBarProps {
  readonly x?: number
  readonly y?: number
  readonly width?: number
  readonly height?: number
  readonly ownerState: { readonly dataIndex: number; readonly seriesId: string | number; readonly color: string }
  /** Index of the bar that is still filling. */
  readonly partial?: number | null
}

/** A bar of the chart; hatched while its time is not over, so that a low one is not taken for a quiet one. */
export function HatchedBar({ x, y, width, height, ownerState, partial }: HatchedBarProps) {
  const fill = ownerState.dataIndex === partial ? `url(#${idOf(ownerState.seriesId)})` : ownerState.color
  return <rect {...{ x, y, width, height, fill }} />
}

/** The hatching of every series, in its colour. @param colours by index, which is the series' id */
export function HatchPatterns({ colours }: { colours: readonly string[] }) {
  return (
    <defs>
      {colours.map((colour, index) => (
        <pattern
          key={colour}
          id={idOf(index)}
          width="6"
          height="6"
          patternUnits="userSpaceOnUse"
          patternTransform="rotate(45)"
        >
          <rect width="6" height="6" fill={colour} opacity="0.35" />
          <rect width="3" height="6" fill={colour} />
        </pattern>
      ))}
    </defs>
  )
}
