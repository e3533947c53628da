import { Box } from '@mui/material'

/** Paths of the roads behind the barrier. */
const ROADS = [
  'M250 190 C 250 120, 120 120, 40 20',
  'M250 190 C 250 130, 190 100, 165 0',
  'M250 190 C 250 120, 255 80, 262 -10',
  'M250 190 C 250 130, 320 105, 360 0',
  'M250 190 C 250 120, 390 125, 480 24',
]

/** The picture of the product: a single road, a barrier, and the roads that it opens. Decoration. */
export function RoadIllustration() {
  return (
    <Box
      component="svg"
      viewBox="0 0 520 400"
      aria-hidden="true"
      focusable="false"
      sx={{ width: '100%', maxHeight: '46vh', display: 'block' }}
    >
      <defs>
        <linearGradient id="distance" gradientUnits="userSpaceOnUse" x1="0" y1="0" x2="0" y2="400">
          <stop offset="0" stopColor="#2f3944" stopOpacity="0" />
          <stop offset="0.3" stopColor="#2f3944" />
          <stop offset="0.72" stopColor="#2f3944" />
          <stop offset="1" stopColor="#2f3944" stopOpacity="0" />
        </linearGradient>
        <linearGradient id="markings" gradientUnits="userSpaceOnUse" x1="0" y1="0" x2="0" y2="400">
          <stop offset="0" stopColor="#8a95a3" stopOpacity="0" />
          <stop offset="0.45" stopColor="#8a95a3" />
        </linearGradient>
        <linearGradient id="centre" gradientUnits="userSpaceOnUse" x1="0" y1="240" x2="0" y2="400">
          <stop offset="0" stopColor="#f5b021" />
          <stop offset="1" stopColor="#f5b021" stopOpacity="0" />
        </linearGradient>
      </defs>
      <g fill="none" stroke="url(#distance)" strokeWidth="20" strokeLinecap="round">
        {ROADS.map((road) => (
          <path key={road} d={road} />
        ))}
        <path d="M250.1 400L250 186" strokeWidth="34" />
      </g>
      <g fill="none" stroke="url(#markings)" strokeWidth="1.6" strokeDasharray="9 11">
        {ROADS.map((road) => (
          <path key={road} d={road} />
        ))}
      </g>
      <path d="M250 252L250.1 396" stroke="url(#centre)" strokeWidth="3" strokeDasharray="14 12" fill="none" />
      <g transform="rotate(-14 196 226)">
        <rect x="188" y="218" width="136" height="13" rx="3" fill="#fff6e0" />
        <path d="M212 231h15l9-13h-15zM248 231h15l9-13h-15zM284 231h15l9-13h-15z" fill="#f5b021" />
      </g>
      <rect x="184" y="208" width="20" height="58" rx="4" fill="#f5b021" />
      <circle cx="194" cy="225" r="4" fill="#161b21" />
    </Box>
  )
}
